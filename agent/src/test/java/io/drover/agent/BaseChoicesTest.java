package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import io.drover.model.Chain;
import io.drover.model.Dedup;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.MigrationOptions;
import io.drover.model.Mode;
import io.drover.model.Storage;
import io.drover.model.Transport;
import io.drover.model.Version;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.BaseFile;
import io.drover.wire.PeerMessage.BaseImage;
import io.drover.wire.PeerMessage.BaseUse;
import io.drover.wire.PeerMessage.DiskImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseChoicesTest {
  private static final String CONTENT = "f".repeat(1024);
  private static final BaseImage BASE =
      new BaseImage("base.qcow2", 1024, 700, Optional.of("f".repeat(64)));
  private static final BaseImage UNREAD = new BaseImage("base.qcow2", 1024, 700, Optional.empty());

  @TempDir private Path folder;
  @TempDir private Path elsewhere;
  private List<Path> indexed = List.of();

  private BaseChoices choices(Chain chain, boolean dryRun, List<Optional<BaseImage>> bases) {
    List<GuestDisk> disks =
        java.util.stream.IntStream.range(0, bases.size())
            .mapToObj(
                disk ->
                    new GuestDisk(
                        folder.resolve(disk + ".qcow2").toString(),
                        DiskFormat.QCOW2,
                        Optional.empty()))
            .toList();
    GuestDefinition guest =
        new GuestDefinition(
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
            disks,
            Optional.empty(),
            Optional.empty());
    PeerMessage.Prepare prepare =
        new PeerMessage.Prepare(
            guest,
            new MigrationOptions(
                Mode.AUTO,
                Transport.TUNNEL,
                Optional.empty(),
                MigrationOptions.DEFAULT_MAX_DOWNTIME,
                0,
                Dedup.AUTO,
                Storage.AUTO,
                chain),
            true,
            true,
            new Version(10, 0, 2),
            "tcg",
            List.of(),
            bases.stream()
                .map(base -> new DiskImage(2048, 1000, "/there", Optional.empty(), base))
                .toList(),
            0,
            dryRun);
    return new BaseChoices(
        prepare,
        new BaseImages(
            new BaseDigests(
                image -> Files.readString(image.uppermost()).substring(0, 64),
                Optional.empty(),
                Clock.systemUTC()),
            _ -> indexed,
            _ -> false,
            Duration.ofSeconds(20)));
  }

  private BaseChoices.Choice choice(Chain chain, BaseImage base) {
    return choices(chain, false, List.of(Optional.of(base))).of(0);
  }

  private static PeerMessage.DiskLayers layers(BaseChoices.Choice choice) {
    assertThat(choice.problem()).isEmpty();
    return choice.layers().orElseThrow();
  }

  private Path index(Path where, String name) throws IOException {
    Path image = Files.writeString(where.resolve(name), CONTENT);
    indexed = List.of(image);
    return image;
  }

  @Test
  void aDiskThatIsBasedOnNothingIsLeftAlone() {
    BaseChoices.Choice choice = choices(Chain.REBASE, false, List.of(Optional.empty())).of(0);
    assertThat(choice.layers()).isEmpty();
    assertThat(choice.problem()).isEmpty();
    assertThat(choice.bytes()).isEqualTo(1000);
  }

  @Test
  void whereTheBaseIsThereItIsUsedUnlessFlatteningWasAskedFor() throws IOException {
    Path image = index(elsewhere, "debian.img");
    for (Chain chain : List.of(Chain.AUTO, Chain.REBASE, Chain.KEEP)) {
      BaseChoices.Choice choice = choice(chain, BASE);
      assertThat(layers(choice).use()).as("%s", chain).isEqualTo(BaseUse.ON_BASE);
      assertThat(layers(choice).base()).contains(new BaseFile(image.toString(), DiskFormat.RAW));
      assertThat(choice.bytes()).isEqualTo(300);
    }
    BaseChoices.Choice flat = choice(Chain.FLATTEN, BASE);
    assertThat(layers(flat).use()).isEqualTo(BaseUse.FLATTENED);
    assertThat(layers(flat).reason()).isEqualTo("as asked");
    assertThat(flat.bytes()).isEqualTo(1000);
  }

  @Test
  void whereItIsNotTheOptionDecides() {
    BaseChoices.Choice flat = choice(Chain.AUTO, BASE);
    assertThat(layers(flat).use()).isEqualTo(BaseUse.FLATTENED);
    assertThat(layers(flat).reason())
        .isEqualTo("no image there holds what its base base.qcow2 does");
    assertThat(flat.bytes()).isEqualTo(1000);

    BaseChoices.Choice refused = choice(Chain.REBASE, BASE);
    assertThat(refused.problem().orElseThrow().code()).isEqualTo("target-disks");
    assertThat(refused.problem().orElseThrow().remedy()).contains("drover store index");

    BaseChoices.Choice kept = choice(Chain.KEEP, BASE);
    assertThat(layers(kept).use()).isEqualTo(BaseUse.ON_COPY);
    assertThat(layers(kept).base())
        .contains(new BaseFile(folder.resolve("base-ffffffffffff.raw").toString(), DiskFormat.RAW));
    assertThat(kept.bytes()).isEqualTo(1000);
  }

  @Test
  void disksWithOneBaseShareItsCopy() {
    BaseChoices choices =
        choices(
            Chain.KEEP,
            false,
            List.of(
                Optional.of(BASE),
                Optional.of(BASE),
                Optional.of(new BaseImage("base.qcow2", 1024, 700, Optional.of("e".repeat(64))))));
    BaseChoices.Choice first = choices.of(0);
    BaseChoices.Choice second = choices.of(1);
    assertThat(layers(second).base()).isEqualTo(layers(first).base());
    assertThat(second.bytes()).isEqualTo(300);
    assertThat(layers(choices.of(2)).base())
        .contains(new BaseFile(folder.resolve("base-eeeeeeeeeeee.raw").toString(), DiskFormat.RAW));
  }

  @Test
  void aCopyThatCameEarlierIsUsedAgain() throws IOException {
    Path image = Files.writeString(folder.resolve("base-ffffffffffff.raw"), CONTENT);
    BaseChoices.Choice kept = choice(Chain.KEEP, BASE);
    assertThat(layers(kept).use()).isEqualTo(BaseUse.ON_BASE);
    assertThat(layers(kept).base()).contains(new BaseFile(image.toString(), DiskFormat.RAW));
  }

  @Test
  void anotherFileInTheCopysPlaceIsNotTouched() throws IOException {
    Path other = Files.writeString(folder.resolve("base-ffffffffffff.raw"), "somebody's");
    BaseChoices.Choice kept = choice(Chain.KEEP, BASE);
    assertThat(kept.problem().orElseThrow().message()).contains(other.toString());
  }

  @Test
  void whoeverOnlyAsksIsToldThatReadingTheBaseMayBeWorthIt() throws IOException {
    assertThat(layers(choice(Chain.AUTO, UNREAD)).use()).isEqualTo(BaseUse.FLATTENED);
    Path _ = index(elsewhere, "other.img");
    for (Chain chain : List.of(Chain.AUTO, Chain.REBASE, Chain.KEEP)) {
      assertThat(layers(choices(chain, true, List.of(Optional.of(UNREAD))).of(0)).use())
          .as("%s", chain)
          .isEqualTo(BaseUse.UNREAD);
    }
    assertThat(layers(choice(Chain.AUTO, UNREAD)).use()).isEqualTo(BaseUse.UNREAD);
    assertThat(choice(Chain.REBASE, UNREAD).problem()).isPresent();
    assertThat(choice(Chain.KEEP, UNREAD).problem()).isPresent();
  }

  @Test
  void aCopyIsNamedByWhatItHolds() {
    assertThat(BaseChoices.nameOfCopy("debian.13.qcow2", "0123456789abcdef"))
        .isEqualTo("debian.13-0123456789ab.raw");
    assertThat(BaseChoices.nameOfCopy("base", "ab")).isEqualTo("base-ab.raw");
    assertThat(BaseChoices.nameOfCopy(".hidden", "ab")).isEqualTo(".hidden-ab.raw");
  }
}
