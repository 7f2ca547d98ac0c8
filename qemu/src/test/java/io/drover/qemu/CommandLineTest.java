package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.NetworkCard;
import io.drover.model.ProblemException;
import io.drover.model.Version;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CommandLineTest {
  private static final GuestDefinition GUEST =
      new GuestDefinition(
          new GuestName("web"),
          "11111111-2222-3333-4444-555555555555",
          ByteSize.ofMebibytes(256),
          2,
          "pc-i440fx-7.2",
          "qemu64",
          Optional.of("/boot/k,1"),
          Optional.of("/boot/i"),
          "console=ttyS0 x,y",
          List.of(new NetworkCard("52:54:00:00:00:01", "br0")),
          List.of(
              new GuestDisk("/srv/a,\"1\".img", DiskFormat.RAW, Optional.of("root")),
              new GuestDisk("/srv/b", DiskFormat.QCOW2, Optional.empty())),
          Optional.of("/var/log/a,b"),
          Optional.empty());

  static QemuProgram program(Version version, Accelerator accelerator) {
    return new QemuProgram(
        "qemu",
        version,
        accelerator,
        Set.of("pc-i440fx-7.2"),
        Map.of("qemu64", List.of()),
        Set.of(),
        Optional.empty());
  }

  private static final QemuProgram PROGRAM = program(new Version(10, 0, 2), Accelerator.TCG);

  private static List<String> line() {
    GuestFiles files = GuestFiles.of(Path.of("/run/drover"), GUEST.name());
    return CommandLine.booting(PROGRAM, GUEST, files);
  }

  @Test
  void describesTheMachine() {
    assertThat(line())
        .startsWith("setsid", "qemu")
        .containsSequence("-uuid", GUEST.uuid())
        .containsSequence("-machine", "pc-i440fx-7.2,suppress-vmdesc=on")
        .containsSequence("-accel", "tcg")
        .containsSequence("-smp", "2")
        .containsSequence("-m", "size=262144k")
        .containsSequence("-append", "console=ttyS0 x,y")
        .contains("-nodefaults", "-no-user-config");
  }

  @Test
  void doublesCommasInPathsThatAreOptions() {
    assertThat(line())
        .contains("file,id=serial0,append=on,path=/var/log/a,,b")
        .containsSequence("-kernel", "/boot/k,1");
  }

  @Test
  void givesEveryCardATapWithAShortLastingName() {
    String name = CommandLine.tapName(GUEST, 0);
    assertThat(name).hasSizeLessThanOrEqualTo(15).isNotEqualTo(CommandLine.tapName(GUEST, 1));
    assertThat(CommandLine.tapName(GUEST, 15)).hasSizeLessThanOrEqualTo(15);
    assertThat(line())
        .contains("tap,id=net0,ifname=" + name + ",script=no,downscript=no,vhost=off")
        .contains("virtio-net-pci,id=card0,netdev=net0,mac=52:54:00:00:00:01,romfile=");
  }

  @Test
  void givesEveryDiskNodesOfLastingNames() {
    assertThat(line())
        .contains(
            "{\"driver\":\"raw\",\"node-name\":\"disk0\",\"discard\":\"unmap\",\"file\":"
                + "{\"driver\":\"file\",\"node-name\":\"file0\","
                + "\"filename\":\"/srv/a,\\\"1\\\".img\",\"discard\":\"unmap\"}}",
            "virtio-blk-pci,id=drive0,drive=disk0,serial=root",
            "virtio-blk-pci,id=drive1,drive=disk1");
  }

  @Test
  void keepsAnArrivingGuestFromRunning() {
    GuestFiles files = GuestFiles.of(Path.of("/run/drover"), GUEST.name());
    List<String> arriving = CommandLine.arriving(PROGRAM, GUEST, files);
    assertThat(arriving).contains("-S").containsSequence("-incoming", "defer");
    assertThat(line()).doesNotContain("-S");
    assertThat(arriving.subList(0, line().size())).isEqualTo(line());
  }

  @Test
  void refusesADirectoryThatIsTooLongForASocket() {
    assertThatThrownBy(() -> GuestFiles.of(Path.of("/" + "x".repeat(100)), GUEST.name()))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("too long");
  }

  @Test
  void refusesOldVersionsAndOldEmulation() {
    assertThatThrownBy(() -> QemuProgram.requireVersion("qemu", new Version(6, 2, 0)))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("6.2.0");
    assertThat(program(new Version(8, 2, 0), Accelerator.TCG).asSource()).isPresent();
    assertThat(program(new Version(8, 2, 0), Accelerator.KVM).asSource()).isEmpty();
    assertThat(PROGRAM.asSource()).isEmpty();
  }

  @Test
  void refusesDefinitionsThatThisHostCannotRun() {
    assertThat(PROGRAM.refusalOf(GUEST).orElseThrow().code()).isEqualTo("no-boot-file");
  }

  @Test
  void readsWhatTheKernelSaysAboutTheGuestsMemory() {
    GuestMappings mappings =
        GuestMappings.parse(
            """
            7f0000000000-7f0010000000 rw-p 00000000 00:00 0
            Size:             262144 kB
            Rss:               10000 kB
            Referenced:         5000 kB
            VmFlags: rd wr
            7f0020000000-7f0020001000 rw-p 00000000 00:00 0 [heap]
            Size:                  4 kB
            Rss:                   4 kB
            Referenced:            4 kB
            """
                .lines(),
            GUEST.memory());
    assertThat(mappings).isEqualTo(new GuestMappings(10_000 * 1024, 5_000 * 1024));
  }
}
