package io.drover.lab;

import io.drover.api.GuestSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * QEMU as a script would start it on the hosts of a lab. Its settings are its own; machine and
 * processor are those that Drover's agents give a guest that asks for nothing else.
 */
record StockQemu(Lab lab) {
  static final String MACHINE = "pc-i440fx-7.2";
  static final String CPU = "qemu64";

  /** A rate that no link has: QEMU's own limit is far below. */
  static final long UNLIMITED = 1L << 40;

  /** Starts a guest, or what waits for one. */
  QemuMonitor boot(String host, GuestSpec spec, List<String> more) {
    Node node = lab.node(host);
    node.run("mkdir", "-p", "/run/serial");
    String tap = "t-" + spec.name();
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                Node.MARK + "=" + lab.record().name(),
                "qemu-system-x86_64",
                // Its processor time counts for the host even when it has ended: PID 1 gets it.
                "-daemonize",
                "-name",
                spec.name(),
                "-machine",
                MACHINE,
                "-accel",
                accelerator(),
                "-cpu",
                CPU,
                "-m",
                spec.memory(),
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-kernel",
                spec.kernel().orElseThrow(),
                "-initrd",
                spec.initrd().orElseThrow(),
                "-append",
                spec.commandLine().orElseThrow(),
                "-chardev",
                "file,id=serial0,append=on,path=" + spec.serialLog().orElseThrow(),
                "-serial",
                "chardev:serial0",
                "-qmp",
                "unix:/run/%s.qmp,server=on,wait=off".formatted(spec.name()),
                "-netdev",
                "tap,id=n0,ifname=%s,script=no,downscript=no,vhost=off".formatted(tap),
                "-device",
                "virtio-net-pci,netdev=n0,romfile=,mac="
                    + spec.networkCards().orElseThrow().getFirst().mac().orElseThrow()));
    command.addAll(disks(spec));
    command.addAll(more);
    node.run(command.toArray(String[]::new));
    node.ip("link set %s master br0 up".formatted(tap));
    QemuMonitor monitor = monitor(host, spec.name());
    monitor.await();
    return monitor;
  }

  private static List<String> disks(GuestSpec spec) {
    List<GuestSpec.DiskSpec> disks = spec.disks().orElse(List.of());
    List<String> words = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      words.addAll(
          List.of(
              "-blockdev",
              "driver=%s,node-name=%s,file.driver=file,file.filename=%s"
                  .formatted(disks.get(i).format(), diskNode(i), disks.get(i).path()),
              "-device",
              "virtio-blk-pci,drive=" + diskNode(i)));
    }
    return words;
  }

  /** By which name QEMU knows a guest's disk. */
  static String diskNode(int index) {
    return "disk" + index;
  }

  /** Has a QEMU that waits take a guest. It outlives a failure, so that it can say what it was. */
  static void receive(QemuMonitor waiting, String uri) {
    JsonNode _ = waiting.run("migrate-incoming", Map.of("uri", uri, "exit-on-error", false));
  }

  QemuMonitor monitor(String host, String guest) {
    return new QemuMonitor(lab.runFolder(host).resolve(guest + ".qmp"));
  }

  /** As Drover's agents choose. */
  static String accelerator() {
    try {
      return Files.isWritable(Path.of("/dev/kvm"))
              && Files.readString(Path.of("/proc/cpuinfo"))
                  .lines()
                  .anyMatch(line -> line.matches("flags\\s*:.*\\b(vmx|svm)\\b.*"))
          ? "kvm"
          : "tcg";
    } catch (IOException unreadable) {
      return "tcg";
    }
  }
}
