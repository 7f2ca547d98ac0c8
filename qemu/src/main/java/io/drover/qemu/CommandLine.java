package io.drover.qemu;

import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.NetworkCard;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Turns a guest's definition into QEMU's arguments. */
final class CommandLine {
  private final List<String> words = new ArrayList<>();

  private CommandLine() {}

  /** For a guest that boots here. */
  static List<String> booting(QemuProgram program, GuestDefinition guest, GuestFiles files) {
    return new CommandLine().common(program, guest, files).words;
  }

  /** For a guest that arrives: it receives when told to, and does not run before it is told to. */
  static List<String> arriving(QemuProgram program, GuestDefinition guest, GuestFiles files) {
    return new CommandLine()
        .common(program, guest, files)
        .add("-S")
        .add("-incoming", "defer")
        .words;
  }

  private CommandLine common(QemuProgram program, GuestDefinition guest, GuestFiles files) {
    // A session of its own: the guest outlives the agent and the agent's terminal.
    add("setsid", program.program());
    add("-name", "guest=" + guest.name());
    add("-uuid", guest.uuid());
    // The JSON that describes the device state would cross while the guest stands still.
    add("-machine", guest.machine() + ",suppress-vmdesc=on");
    add("-accel", program.accelerator().word());
    add("-cpu", guest.cpu());
    add("-smp", Integer.toString(guest.vcpus()));
    add("-m", "size=" + guest.memory().bytes() / 1024 + "k");
    add("-nodefaults").add("-no-user-config").add("-display", "none");
    add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    add("-pidfile", files.pid().toString());
    add("-chardev", "socket,id=control,server=on,wait=off,path=" + value(files.control()));
    add("-mon", "chardev=control,mode=control");
    add("-chardev", "pipe,id=urgent,path=" + value(files.urgent()));
    add("-mon", "chardev=urgent,mode=control");
    guest
        .serialLog()
        .ifPresentOrElse(
            log ->
                add("-chardev", "file,id=serial0,append=on,path=" + value(log))
                    .add("-serial", "chardev:serial0"),
            () -> add("-serial", "none"));
    guest
        .kernel()
        .ifPresent(
            kernel -> {
              add("-kernel", kernel);
              guest.initrd().ifPresent(initrd -> add("-initrd", initrd));
              if (!guest.commandLine().isEmpty()) {
                add("-append", guest.commandLine());
              }
            });
    for (int card = 0; card < guest.networkCards().size(); card++) {
      network(guest, card);
    }
    for (int disk = 0; disk < guest.disks().size(); disk++) {
      disk(guest, disk);
    }
    return this;
  }

  private void disk(GuestDefinition guest, int index) {
    GuestDisk disk = guest.disks().get(index);
    ObjectNode image = Qmp.object();
    image.put("driver", disk.format().word());
    image.put("node-name", DiskNodes.disk(index));
    // Both layers have to agree before what the guest discards leaves the file.
    image.put("discard", "unmap");
    image
        .putObject("file")
        .put("driver", "file")
        .put("node-name", DiskNodes.file(index))
        .put("filename", disk.path())
        .put("discard", "unmap");
    add("-blockdev", image.toString());
    add(
        "-device",
        "virtio-blk-pci,id=%s,drive=%s%s%s"
            .formatted(
                DiskNodes.device(index),
                DiskNodes.disk(index),
                disk.serial().map(serial -> ",serial=" + serial).orElse(""),
                guest.kernel().isPresent() ? "" : ",bootindex=" + index));
  }

  private void network(GuestDefinition guest, int index) {
    NetworkCard card = guest.networkCards().get(index);
    add(
        "-netdev",
        "tap,id=net%d,ifname=%s,script=no,downscript=no,vhost=off"
            .formatted(index, tapName(guest, index)));
    add(
        "-device",
        "virtio-net-pci,id=card%d,netdev=net%d,mac=%s,romfile="
            .formatted(index, index, card.mac()));
  }

  /** At most 15 characters, and the same whenever it is asked for. */
  static String tapName(GuestDefinition guest, int card) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(guest.uuid().getBytes(StandardCharsets.UTF_8));
      return "dr" + HexFormat.of().formatHex(hash, 0, 5) + "-" + card;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** QEMU ends a value at a comma unless it is doubled. */
  private static String value(Object path) {
    return path.toString().replace(",", ",,");
  }

  private CommandLine add(String... more) {
    words.addAll(List.of(more));
    return this;
  }

  /** The agent's environment is nothing that a guest's process should see. */
  static void cleanEnvironment(ProcessBuilder builder) {
    Map<String, String> environment = builder.environment();
    String path = environment.getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    environment.clear();
    environment.put("PATH", path);
    environment.put("LC_ALL", "C");
  }
}
