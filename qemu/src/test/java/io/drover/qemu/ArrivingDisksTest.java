package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where no QEMU has the images open any more. */
class ArrivingDisksTest {
  @TempDir private Path folder = Path.of("unset");

  private ArrivingDisks disks(Path... images) {
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
            List.of(images).stream()
                .map(image -> new GuestDisk(image.toString(), DiskFormat.QCOW2, Optional.empty()))
                .toList(),
            Optional.empty(),
            Optional.empty());
    return ArrivingDisks.foundAgain(
        guest,
        List.of(new ArrivingDisks.ArrivingDisk(0, 4096), new ArrivingDisks.ArrivingDisk(1, 4096)));
  }

  @Test
  void areFlushedWithoutTheirHypervisorOnceThatHasEnded() throws IOException {
    Path one = Files.writeString(folder.resolve("one.img"), "one");
    Path two = Files.writeString(folder.resolve("two.img"), "two");
    assertThatCode(() -> disks(one, two).settle(Optional.empty())).doesNotThrowAnyException();
    assertThat(one).hasContent("one");
  }

  @Test
  void sayWhichOfThemMayNotBeOnStableStorage() throws IOException {
    Path gone = folder.resolve("gone.img");
    Path there = Files.writeString(folder.resolve("there.img"), "there");
    assertThatThrownBy(() -> disks(gone, there).settle(Optional.empty()))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("disk-not-flushed");
              assertThat(e.problem().message())
                  .contains(gone.toString())
                  .doesNotContain(there.toString());
            });
    assertThat(gone).doesNotExist();
  }
}
