package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationRequest;
import io.drover.model.ByteRate;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's story from its first step to its last, with QEMU's own means in the agents' place. */
@Tag("real")
class DemoIT {
  private static final LabStore STORE = LabStore.ofMachine();

  @TempDir Path root;

  @BeforeAll
  static void needed() {
    Capabilities.require("unshare", "ip", "tc", "ping", "qemu-system-x86_64", "gcc", "busybox");
  }

  @AfterEach
  void nothingStays() {
    System.clearProperty(DroverProgram.ROOT_PROPERTY);
    STORE.read("it-d").ifPresent(record -> Leftovers.remove(STORE, record));
    STORE.removeRootIfEmpty();
  }

  private void program(String name) throws Exception {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\necho ran > \"$0.ran\"\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static DemoReport demo(StringWriter story, LabRecord.Keeping keeping) {
    PlainHostsOfLab hosts = new PlainHostsOfLab();
    return new Demo(hosts, new Steps(new PrintWriter(story), Steps.Style.PLAIN))
        .run(
            LabPlan.of(new LabName("it-d"), LinkShape.ofRate(ByteRate.parse("1gbit")))
                .withAgents(LabPlan.Agents.NONE),
            new Workload.Verified(64, 20),
            MigrationRequest.of("", "").withMode("precopy").withTransport("plain"),
            keeping);
  }

  /** Finds the lab when the first host is asked for. */
  private static final class PlainHostsOfLab implements HostControl.Factory {
    private Optional<HostControl.Factory> hosts = Optional.empty();

    @Override
    public HostControl at(Path socket) {
      HostControl.Factory known =
          hosts.orElseGet(
              () ->
                  new StockHosts(
                          Lab.attach(STORE, new LabName("it-d")),
                          StockPrograms.ofMachine(),
                          Set.of())
                      .factory());
      hosts = Optional.of(known);
      return known.at(socket);
    }
  }

  @Test
  void movesABusyGuestProvesItsMemoryAndLeavesNothing() throws Exception {
    program("drover");
    program("packaging/install-dependencies");
    System.setProperty(DroverProgram.ROOT_PROPERTY, root.toString());
    StringWriter story = new StringWriter();
    DemoReport report = demo(story, LabRecord.Keeping.OWNED);
    assertThat(root.resolve("packaging/install-dependencies.ran")).exists();
    assertThat(report.outcome()).isEqualTo("completed");
    assertThat(report.memoryVerified()).isTrue();
    assertThat(report.memoryErrors()).isZero();
    assertThat(report.leftovers()).isEmpty();
    assertThat(report.good()).isTrue();
    assertThat(story.toString())
        .contains("✔ Lab of 2 hosts", "✔ Moved to beta", "nothing left behind")
        .doesNotContain("✘", "\u001b");
    assertThat(STORE.read("it-d")).isEmpty();
    report.summary("64 MB rewritten at 20 MB/s").forEach(System.out::println);
  }

  @Test
  void keepsTheLabWhenAsked() throws Exception {
    program("drover");
    program("packaging/install-dependencies");
    System.setProperty(DroverProgram.ROOT_PROPERTY, root.toString());
    DemoReport report = demo(new StringWriter(), LabRecord.Keeping.KEPT);
    assertThat(report.kept()).contains("it-d");
    Lab lab = Lab.attach(STORE, new LabName("it-d"));
    assertThat(lab.node("beta").processes()).isNotEmpty();
    LabRecord record = lab.record();
    lab.down();
    assertThat(Leftovers.find(STORE, record)).isEmpty();
  }
}
