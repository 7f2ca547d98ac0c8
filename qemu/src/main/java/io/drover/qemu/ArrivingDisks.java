package io.drover.qemu;

import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.qemu.nbd.NbdClient;
import io.drover.qemu.nbd.NbdLimits;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The disks that come to this host with a guest, and what they are based on, as far as that comes
 * as well: images are made before the guest's QEMU starts, and that QEMU takes what is written to
 * them until the guest is to run.
 */
public final class ArrivingDisks {
  private static final Duration FLUSH_PATIENCE = Duration.ofMinutes(2);

  private final GuestDefinition guest;
  private final List<ArrivingDisk> disks;
  // Whether an image that is there is this migration's; a name that was taken is not.
  private final Set<Path> made = new LinkedHashSet<>();

  /**
   * One of them.
   *
   * @param disk its place among the guest's disks
   * @param bytes its size as the guest sees it
   * @param base what its image is based on, if it is based on anything
   */
  public record ArrivingDisk(int disk, long bytes, Optional<ArrivingBase> base) {}

  /**
   * What a disk that comes is based on here.
   *
   * @param copiedBytes the size of one that comes as well, as a raw image; none of one that is here
   */
  public record ArrivingBase(Path path, DiskFormat format, Optional<Long> copiedBytes) {}

  private ArrivingDisks(GuestDefinition guest, List<ArrivingDisk> disks) {
    this.guest = guest;
    this.disks = List.copyOf(disks);
  }

  /** Images that are still to be made. */
  public static ArrivingDisks toBeMade(GuestDefinition guest, List<ArrivingDisk> disks) {
    return new ArrivingDisks(guest, disks);
  }

  /** Images that an earlier run of the agent found no others in the place of, and made. */
  public static ArrivingDisks foundAgain(GuestDefinition guest, List<ArrivingDisk> disks) {
    ArrivingDisks found = new ArrivingDisks(guest, disks);
    found.made.addAll(found.images());
    return found;
  }

  public List<ArrivingDisk> all() {
    return disks;
  }

  /** The bases that come as well, by the first disk that is based on each. */
  public Map<Integer, ArrivingBase> copiedBases() {
    Map<Integer, ArrivingBase> bases = new TreeMap<>();
    Set<Path> known = new HashSet<>();
    for (ArrivingDisk arriving : disks) {
      arriving
          .base()
          .filter(base -> base.copiedBytes().isPresent() && known.add(base.path()))
          .ifPresent(base -> bases.put(arriving.disk(), base));
    }
    return bases;
  }

  /** All files that this makes, or is to make. */
  public List<Path> images() {
    return Stream.concat(
            disks.stream().map(this::path), copiedBases().values().stream().map(ArrivingBase::path))
        .toList();
  }

  private Path path(ArrivingDisk arriving) {
    return Path.of(guest.disks().get(arriving.disk()).path());
  }

  /** Makes the images that are not there yet. */
  synchronized void make() {
    for (ArrivingBase base : copiedBases().values()) {
      if (!made.contains(base.path())) {
        make(base.path(), DiskFormat.RAW, base.copiedBytes().orElseThrow(), Optional.empty());
      }
    }
    for (ArrivingDisk arriving : disks) {
      if (!made.contains(path(arriving))) {
        make(
            path(arriving),
            guest.disks().get(arriving.disk()).format(),
            arriving.bytes(),
            arriving.base());
      }
    }
  }

  private void make(Path path, DiskFormat format, long bytes, Optional<ArrivingBase> base) {
    try {
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      made.add(path);
      if (format == DiskFormat.RAW) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
          file.setLength(bytes);
        }
      } else {
        format(path, format, bytes, base);
      }
    } catch (FileAlreadyExistsException e) {
      throw Problem.peer(
              "target-disks",
              "The target has a file %s already".formatted(path),
              "Move it away, if it is of no use there.")
          .asException(e);
    } catch (IOException e) {
      throw Problem.peer(
              "target-disks",
              "The target cannot make the image %s: %s".formatted(path, e),
              "Make its folder, with enough room.")
          .asException(e);
    }
  }

  private static void format(Path path, DiskFormat format, long bytes, Optional<ArrivingBase> base)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("qemu-img", "create", "-q"));
    command.addAll(List.of("-f", format.word()));
    // Its format is written down: nobody is to guess it from what a guest may have written there.
    base.ifPresent(
        image ->
            command.addAll(List.of("-b", image.path().toString(), "-F", image.format().word())));
    command.addAll(List.of(path.toString(), Long.toString(bytes)));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    CommandLine.cleanEnvironment(builder);
    Process process = builder.start();
    process.getOutputStream().close();
    String said =
        new String(process.getInputStream().readNBytes(4096), StandardCharsets.UTF_8).strip();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("qemu-img does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(said);
    }
  }

  /** Lets the images be written to over the guest's NBD socket. */
  void export(QemuGuest process) {
    if (disks.isEmpty()) {
      return;
    }
    ObjectNode server = Qmp.object();
    server
        .putObject("addr")
        .put("type", "unix")
        .putObject("data")
        .put("path", process.diskSocket().toString());
    JsonNode _ = process.control().run("nbd-server-start", server);
    for (ArrivingDisk arriving : disks) {
      ObjectNode export = Qmp.object();
      export.put("type", "nbd").put("id", "export" + arriving.disk());
      export.put("node-name", DiskNodes.disk(arriving.disk()));
      export.put("name", DiskNodes.disk(arriving.disk()));
      export.put("writable", true);
      JsonNode _ = process.control().run("block-export-add", export);
    }
  }

  /** From now on the guest alone writes to them. */
  static void unexport(QemuGuest process) {
    if (process.isAlive()) {
      // Refused where it has been done, by an earlier run of the agent.
      try {
        QmpReply _ = process.control().ask("nbd-server-stop", Qmp.object(), Qmp.DEFAULT_TIMEOUT);
      } catch (ProblemException e) {
        // In post-copy the main loop may wait for a page. It takes commands in their order, this
        // one
        // before the one that lets the guest run.
        if (!e.problem().code().equals("qemu-silent")) {
          throw e;
        }
      }
    }
  }

  static NbdClient connect(QemuGuest process, int disk) throws IOException {
    return NbdClient.connect(process.diskSocket(), DiskNodes.disk(disk), NbdLimits.DEFAULT);
  }

  /**
   * Puts what was written to the images on stable storage. The kernel goes first, by this process:
   * QEMU stands still while it flushes, so there must be little left for it.
   */
  void settle(QemuGuest process) {
    List<String> failures = new ArrayList<>();
    for (ArrivingDisk arriving : disks) {
      GuestDisk disk = guest.disks().get(arriving.disk());
      try {
        force(Path.of(disk.path()));
        if (disk.format() != DiskFormat.RAW && process.isAlive()) {
          flush(process, DiskNodes.disk(arriving.disk()));
        }
      } catch (IOException | ProblemException e) {
        failures.add("%s (%s)".formatted(disk.path(), e.getMessage()));
      }
    }
    if (!failures.isEmpty()) {
      throw Problem.host(
              "disk-not-flushed",
              "What came may not be on stable storage yet: " + String.join(", ", failures),
              "Look after these disks; the guest runs.")
          .asException();
    }
  }

  private static void force(Path image) throws IOException {
    try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.force(true);
    }
  }

  /** Such images have tables that QEMU keeps to itself until somebody flushes. */
  private static void flush(QemuGuest process, String node) throws IOException {
    ObjectNode command = Qmp.object();
    command.put("command-line", "qemu-io %s flush".formatted(node));
    QmpReply reply = process.control().ask("human-monitor-command", command, FLUSH_PATIENCE);
    switch (reply) {
      case QmpReply.Refused refused -> throw new IOException(refused.description());
      case QmpReply.Success(JsonNode said) -> {
        if (!said.asString("").isBlank()) {
          throw new IOException(said.asString("").strip());
        }
      }
    }
  }

  /** Removes all images that came; the guest has never run on them. */
  public synchronized void discard() {
    for (Path image : List.copyOf(made)) {
      try {
        Files.deleteIfExists(image);
        made.remove(image);
      } catch (IOException e) {
        throw Problem.host(
                "disk-left",
                "The image %s of a guest that never came cannot be removed: %s"
                    .formatted(image, e.getMessage()),
                "Remove it by hand.")
            .asException(e);
      }
    }
  }
}
