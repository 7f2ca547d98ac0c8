package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationRequest;
import io.drover.lab.Experiments.Scale;
import io.drover.model.Mode;
import io.drover.report.Absence;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known of stock tools without running one. */
class StockTest {
  @TempDir Path folder;

  private StockPrograms programs() {
    return new StockPrograms(List.of(folder.resolve("bin")), folder.resolve("stock"));
  }

  private void program(String path) throws Exception {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void aToolThatIsNotThereIsAbsentWithTheRemedy() {
    for (Way way : List.of(Way.STUNNEL, Way.SSH, Way.LIBVIRT, Way.LIBVIRT_TUNNELLED)) {
      assertThat(way.absence(Mode.PRECOPY, programs()))
          .as(way.word())
          .hasValueSatisfying(
              reason -> assertThat(reason).contains("packaging/install-dependencies --bench"));
    }
    assertThat(Way.STUNNEL.absence(Mode.PRECOPY, programs()).orElseThrow())
        .startsWith("there is no stunnel4 on this machine");
  }

  @Test
  void whatNeedsNoToolIsNeverAbsent() {
    for (Way way : List.of(Way.TUNNEL, Way.NATIVE, Way.NATIVE_TLS, Way.PLAIN)) {
      assertThat(way.absence(Mode.POSTCOPY, programs())).as(way.word()).isEmpty();
    }
  }

  @Test
  void aToolMayBeInstalledOrUnpackedAndHaveEitherName() throws Exception {
    program("bin/stunnel");
    assertThat(Way.STUNNEL.absence(Mode.PRECOPY, programs())).isEmpty();
    program("stock/usr/sbin/libvirtd");
    assertThat(Way.LIBVIRT.absence(Mode.PRECOPY, programs()).orElseThrow())
        .startsWith("there is no virsh on this machine");
    program("stock/usr/bin/virsh");
    assertThat(Way.LIBVIRT.absence(Mode.PRECOPY, programs())).isEmpty();
  }

  @Test
  void libvirtsTunnelCannotPostCopy() throws Exception {
    program("bin/libvirtd");
    program("bin/virsh");
    assertThat(Way.LIBVIRT_TUNNELLED.absence(Mode.PRECOPY, programs())).isEmpty();
    assertThat(Way.LIBVIRT_TUNNELLED.absence(Mode.POSTCOPY, programs()))
        .contains("libvirt cannot use post-copy in its tunnelled mode");
  }

  @Test
  void absentContendersAreNotPlannedAndSaidOfEachCase() {
    Experiment tunnel = TunnelExperiment.of(Scale.QUICK);
    List<Piece> plan = tunnel.procedure().plan(2);
    List<Absence> absences = Prechecks.ways(tunnel, plan, programs());
    assertThat(absences)
        .extracting(Absence::contender)
        .containsOnly("stunnel", "ssh", "libvirt", "libvirt tunnelled");
    assertThat(absences).hasSize(8);
    assertThat(Prechecks.without(plan, absences))
        .extracting(Piece::contender)
        .contains("drover", "native", "native-tls", "native, no preempt")
        .doesNotContain("stunnel", "ssh", "libvirt");
  }

  @Test
  void whoCopiesFilesIsAbsentWithoutItsProgramAndTheOthersAreNot() throws Exception {
    Experiment wan = WanExperiment.of(Scale.QUICK);
    List<Piece> plan = wan.procedure().plan(1);
    assertThat(Prechecks.ways(wan, plan, programs()))
        .hasSize(4)
        .extracting(Absence::contender)
        .containsOnly("rsync, frozen", "scp, frozen");
    for (String program : List.of("sshd", "ssh", "ssh-keygen", "scp")) {
      program("stock/usr/bin/" + program);
    }
    List<Absence> absences = Prechecks.ways(wan, plan, programs());
    assertThat(absences)
        .hasSize(2)
        .allMatch(each -> each.reason().startsWith("there is no rsync on this machine"));
    assertThat(Prechecks.without(plan, absences))
        .extracting(Piece::contender)
        .containsOnly("drover auto", "stock mirror", "scp, frozen");
  }

  @Test
  void whoListensIsReadFromTheKernelsTable() {
    String table =
        """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
           0: 0100007F:1E79 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
           1: 016433C6:1E78 026433C6:C001 01 00000000:00000000 00:00000000 00000000     0
        """;
    assertThat(StockDaemons.listens(table, 7801)).isTrue();
    assertThat(StockDaemons.listens(table, 7800)).isFalse(); // connected, not listening
    assertThat(StockDaemons.listens(table, 22)).isFalse();
  }

  private static StockMove move(Way way, String mode) {
    return StockMove.started(
        "l1",
        "alpha",
        MigrationRequest.of("bench", "beta").withMode(mode).withTransport(way.word()));
  }

  @Test
  void virshIsToldTheWay() {
    assertThat(LibvirtHosts.words(move(Way.LIBVIRT, "postcopy"), "198.51.100.2"))
        .containsExactly(
            "migrate",
            "--live",
            "--p2p",
            "--postcopy",
            "--migrateuri",
            "tcp://198.51.100.2",
            "bench",
            "qemu+tls://198.51.100.2/system");
    assertThat(LibvirtHosts.words(move(Way.LIBVIRT_TUNNELLED, "precopy"), "198.51.100.2"))
        .contains("--tunnelled")
        .doesNotContain("--migrateuri", "--postcopy");
  }

  @Test
  void aStockMoveIsShownAsAnAgentWouldShowIt() {
    StockMove move = move(Way.SSH, "precopy");
    assertThat(move.view().outcome()).isEmpty();
    assertThat(move.completed(move.startedNanos() + 2_000_000_000L).view().elapsedSeconds())
        .isEqualTo(2);
    assertThat(move.failed(" no \n").view().problem().orElseThrow().message()).isEqualTo("no");
    assertThat(move.failed("no").view().outcome()).contains("aborted");
  }

  @Test
  void labsOfTheOtherMoversHaveNamesOfTheirOwn() {
    assertThat(new LabName("bench").with("-qemu").value()).isEqualTo("bench-qemu");
    assertThat(new LabName("abcdefghijklmnop").with("-libvirt").value())
        .isEqualTo("abcdefgh-libvirt");
  }
}
