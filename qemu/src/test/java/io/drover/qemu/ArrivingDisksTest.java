package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.ProblemException;
import io.drover.qemu.ArrivingDisks.ArrivingBase;
import io.drover.qemu.ArrivingDisks.ArrivingDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArrivingDisksTest {
  @TempDir private Path folder;

  private GuestDefinition guest() {
    return new GuestDefinition(
        new GuestName("web"),
        "00000000-0000-4000-8000-000000000001",
        ByteSize.ofMebibytes(16),
        1,
        "pc-i440fx-7.2",
        "qemu64",
        Optional.empty(),
        Optional.empty(),
        "",
        List.of(),
        Stream.of("a.img", "b.img")
            .map(
                name ->
                    new GuestDisk(
                        folder.resolve(name).toString(), DiskFormat.RAW, Optional.empty()))
            .toList(),
        Optional.empty(),
        Optional.empty());
  }

  private List<ArrivingDisk> onOneCopy() {
    ArrivingBase copy =
        new ArrivingBase(folder.resolve("base.raw"), DiskFormat.RAW, Optional.of(8192L));
    return List.of(
        new ArrivingDisk(0, 4096, Optional.of(copy)), new ArrivingDisk(1, 4096, Optional.of(copy)));
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aBaseThatComesForSeveralDisksIsMadeOnceAndGoesWithThem() throws IOException {
    ArrivingDisks disks = ArrivingDisks.toBeMade(guest(), onOneCopy());
    assertThat(disks.copiedBases()).containsOnlyKeys(0);
    disks.make();
    assertThat(files()).containsExactly("a.img", "b.img", "base.raw");
    assertThat(Files.size(folder.resolve("base.raw"))).isEqualTo(8192);
    disks.discard();
    assertThat(files()).isEmpty();
  }

  @Test
  void aBaseThatIsHereStaysWhateverHappens() throws IOException {
    Path base = Files.writeString(folder.resolve("base.raw"), "somebody's");
    ArrivingBase here = new ArrivingBase(base, DiskFormat.RAW, Optional.empty());
    List<ArrivingDisk> wanted = List.of(new ArrivingDisk(0, 4096, Optional.of(here)));
    ArrivingDisks disks = ArrivingDisks.toBeMade(guest(), wanted);
    disks.make();
    disks.discard();
    ArrivingDisks.foundAgain(guest(), wanted).discard();
    assertThat(files()).containsExactly("base.raw");
  }

  @Test
  void whatIsInTheWayOfABaseIsNotTouched() throws IOException {
    Path inTheWay = Files.writeString(folder.resolve("base.raw"), "somebody's");
    ArrivingDisks disks = ArrivingDisks.toBeMade(guest(), onOneCopy());
    assertThatThrownBy(disks::make)
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(inTheWay.toString());
    disks.discard();
    assertThat(Files.readString(inTheWay)).isEqualTo("somebody's");
    assertThat(files()).containsExactly("base.raw");
  }

  @Test
  void theNextAgentRemovesWhatThisOneMade() throws IOException {
    ArrivingDisks.toBeMade(guest(), onOneCopy()).make();
    ArrivingDisks.foundAgain(guest(), onOneCopy()).discard();
    assertThat(files()).isEmpty();
  }
}
