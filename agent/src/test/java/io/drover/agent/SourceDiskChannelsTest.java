package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.Dedup;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.model.Storage;
import io.drover.tunnel.Throttle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of the source's images. */
class SourceDiskChannelsTest {
  private static final MigrationId ID = new MigrationId("m0123456789");

  @TempDir private Path folder;
  private Path one;
  private Path two;

  @BeforeEach
  void makeImages() throws IOException {
    one = Files.writeString(folder.resolve("one.img"), "one");
    two = Files.writeString(folder.resolve("two.img"), "two");
  }

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
        List.of(
            new GuestDisk(one.toString(), DiskFormat.RAW, Optional.empty()),
            new GuestDisk(two.toString(), DiskFormat.RAW, Optional.empty())),
        Optional.empty(),
        Optional.empty());
  }

  private SourceDiskChannels disks(Storage storage) {
    return new SourceDiskChannels(
        ID,
        guest(),
        storage,
        folder,
        List::of,
        List::of,
        new DisksByContent(Dedup.AUTO),
        LeastMemory.ofSource(2),
        purpose -> {
          throw new IOException("nobody is there");
        },
        new Throttle(Optional.empty()),
        event -> {});
  }

  private Path aside(Path image) {
    return image.resolveSibling(image.getFileName() + ".moved-" + ID);
  }

  @Test
  void imagesThatAreSafeAtTheTargetGo() {
    disks(Storage.AUTO).release(List.of(0));
    assertThat(one).doesNotExist();
    assertThat(two).exists();
    disks(Storage.AUTO).release(List.of(0, 1)); // as an agent does that was killed meanwhile
    assertThat(two).doesNotExist();
  }

  @Test
  void imagesArePutAsideWhereThatIsWishedOrTheTargetMayLoseItsOwn() {
    disks(Storage.KEEP).release(List.of(0));
    assertThat(one).doesNotExist();
    assertThat(aside(one)).hasContent("one");
    disks(Storage.AUTO).putAside(List.of(0, 1));
    assertThat(aside(one)).hasContent("one");
    assertThat(two).doesNotExist();
    assertThat(aside(two)).hasContent("two");
  }

  @Test
  void whatImagesAreBasedOnStaysInItsPlace() throws IOException {
    Path base = Files.writeString(folder.resolve("base.img"), "base");
    SourceDiskChannels based = disks(Storage.AUTO);
    based.putAside(List.of(0));
    based.release(List.of(1));
    assertThat(base).hasContent("base");
    assertThat(aside(one)).as("a relative name of the base still leads there").hasParent(folder);
  }

  @Test
  void imagesThatCannotBeMovedAwayAreTold() throws IOException {
    Files.createDirectories(aside(one).resolve("in the way"));
    assertThatThrownBy(() -> disks(Storage.AUTO).putAside(List.of(0, 1)))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().message()).contains(one.toString()));
    assertThat(one).exists();
    assertThat(aside(two)).exists();
  }

  @Test
  void aPersonIsToldWhereTheImagesAreAndWhatToDo() {
    Problem problem =
        SourceDiskChannels.keptAside(guest(), List.of(0, 1), new HostName("beta"), ID);
    assertThat(problem.message())
        .contains("beta could not")
        .contains(aside(one) + ", " + aside(two));
    assertThat(problem.remedy()).contains("beta's report of migration " + ID).contains("Remove");
  }
}
