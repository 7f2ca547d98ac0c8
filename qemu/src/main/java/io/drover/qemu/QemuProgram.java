package io.drover.qemu;

import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.model.Version;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The QEMU of this host, asked once what it is and what it can.
 *
 * @param machines machine types it knows, aliases included
 * @param cpuModels CPU models it knows, each with the features this host cannot give it
 * @param migrationCapabilities by QEMU's own names
 * @param postCopyRefusal why this host cannot receive in post-copy, where it cannot
 */
public record QemuProgram(
    String program,
    Version version,
    Accelerator accelerator,
    Set<String> machines,
    Map<String, List<String>> cpuModels,
    Set<String> migrationCapabilities,
    Optional<String> postCopyRefusal) {

  /** Older ones lack what Drover relies on. */
  private static final Version OLDEST = new Version(7, 2, 0);

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  public QemuProgram {
    machines = Set.copyOf(machines);
    cpuModels = Map.copyOf(cpuModels);
    migrationCapabilities = Set.copyOf(migrationCapabilities);
  }

  /** Starts the program for a moment and asks it. A program that will not do is a problem. */
  public static QemuProgram probe(String program) {
    return probe(program, Accelerator.ofHost(Path.of("/proc/cpuinfo"), Path.of("/dev/kvm")));
  }

  /** As {@link #probe(String)}, with the accelerator that the host is told to use. */
  public static QemuProgram probe(String program, Accelerator accelerator) {
    Process process = launch(program, accelerator);
    try (Qmp qmp =
        Qmp.over(
            "of " + program,
            Channels.newChannel(process.getInputStream()),
            unbuffered(process.getOutputStream()),
            Qmp.events(event -> {}),
            "probe-")) {
      JsonNode hello = qmp.negotiate(PATIENCE);
      Version version = version(hello.path("version").path("qemu"));
      requireVersion(program, version);
      QemuProgram answer =
          new QemuProgram(
              program,
              version,
              accelerator,
              machines(qmp),
              cpuModels(qmp),
              capabilities(qmp),
              postCopyRefusal(qmp));
      QmpReply _ = qmp.ask("quit", Qmp.object(), PATIENCE);
      return answer;
    } catch (ProblemException e) {
      if (e.problem().code().equals("qemu-gone") || e.problem().code().equals("qemu-silent")) {
        throw Problem.host(
                "qemu-unusable",
                "'%s' does not behave like QEMU: %s"
                    .formatted(program, stderr(process, e.problem().message())),
                "Install QEMU 7.2 or newer (Debian: apt install qemu-system-x86), or set 'qemu'.")
            .asException(e);
      }
      throw e;
    } finally {
      end(process);
    }
  }

  private static Process launch(String program, Accelerator accelerator) {
    ProcessBuilder builder =
        new ProcessBuilder(
            program,
            "-machine",
            "none",
            "-accel",
            accelerator.word(),
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-S",
            "-incoming",
            "defer",
            "-qmp",
            "stdio");
    CommandLine.cleanEnvironment(builder);
    try {
      return builder.start();
    } catch (IOException e) {
      throw Problem.host(
              "no-qemu",
              "QEMU cannot be started as '%s': %s".formatted(program, e.getMessage()),
              "Install it (Debian: apt install qemu-system-x86), or set 'qemu' to its path.")
          .asException(e);
    }
  }

  /** A process's standard input is buffered; a question has to leave at once. */
  private static WritableByteChannel unbuffered(OutputStream out) {
    WritableByteChannel buffered = Channels.newChannel(out);
    return new WritableByteChannel() {
      @Override
      public int write(ByteBuffer bytes) throws IOException {
        int written = buffered.write(bytes);
        out.flush();
        return written;
      }

      @Override
      public boolean isOpen() {
        return buffered.isOpen();
      }

      @Override
      public void close() throws IOException {
        buffered.close();
      }
    };
  }

  private static String stderr(Process process, String otherwise) {
    end(process);
    try {
      String said =
          new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return said.isEmpty() ? otherwise : said;
    } catch (IOException e) {
      return otherwise;
    }
  }

  private static void end(Process process) {
    try {
      if (!process.waitFor(1, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static Version version(JsonNode qemu) {
    return new Version(
        qemu.path("major").asInt(0), qemu.path("minor").asInt(0), qemu.path("micro").asInt(0));
  }

  static void requireVersion(String program, Version version) {
    if (version.compareTo(OLDEST) < 0) {
      throw Problem.host(
              "qemu-too-old",
              "'%s' is QEMU %s; Drover needs %s or newer".formatted(program, version, OLDEST),
              "Install a newer QEMU, or set 'qemu' to one.")
          .asException();
    }
  }

  private static Set<String> machines(Qmp qmp) {
    Set<String> names = new TreeSet<>();
    for (JsonNode machine : qmp.run("query-machines", Qmp.object(), PATIENCE)) {
      names.add(machine.path("name").asString());
      if (machine.has("alias")) {
        names.add(machine.path("alias").asString());
      }
    }
    return names;
  }

  private static Map<String, List<String>> cpuModels(Qmp qmp) {
    Map<String, List<String>> models = new TreeMap<>();
    for (JsonNode model : qmp.run("query-cpu-definitions", Qmp.object(), PATIENCE)) {
      models.put(
          model.path("name").asString(),
          model.path("unavailable-features").valueStream().map(JsonNode::asString).toList());
    }
    return models;
  }

  private static Set<String> capabilities(Qmp qmp) {
    return qmp.run("query-migrate-capabilities")
        .valueStream()
        .map(capability -> capability.path("capability").asString())
        .collect(Collectors.toSet());
  }

  /** Switching the capability on makes an incoming QEMU try userfaultfd. */
  private static Optional<String> postCopyRefusal(Qmp qmp) {
    ObjectNode arguments = Qmp.object();
    arguments
        .putArray("capabilities")
        .addObject()
        .put("capability", "postcopy-ram")
        .put("state", true);
    return switch (qmp.ask("migrate-set-capabilities", arguments, PATIENCE)) {
      case QmpReply.Success success -> Optional.empty();
      case QmpReply.Refused refused -> Optional.of(refused.description());
    };
  }

  public boolean has(String migrationCapability) {
    return migrationCapabilities.contains(migrationCapability);
  }

  /** Why no running guest may leave this host, if so. */
  public Optional<Problem> asSource() {
    if (accelerator == Accelerator.TCG && !version.atLeast(9, 0)) {
      return Optional.of(
          Problem.host(
              "qemu-loses-pages",
              "QEMU %s under emulation loses guest memory while it migrates".formatted(version),
              "Install QEMU 9.0 or newer on this host, or use KVM."));
    }
    return Optional.empty();
  }

  /** Why no guest may arrive here in post-copy, if so. */
  public Optional<Problem> asPostCopyTarget() {
    return postCopyRefusal.map(
        reason ->
            Problem.host(
                "no-userfaultfd",
                "QEMU cannot receive in post-copy on this host: " + reason,
                "Run the agent as root, or set vm.unprivileged_userfaultfd=1; or use mode precopy."));
  }

  /** Why this definition cannot run here, if so. */
  public Optional<Problem> refusalOf(GuestDefinition definition) {
    Optional<Problem> machine = machineRefusal(definition);
    if (machine.isPresent()) {
      return machine;
    }
    Optional<Problem> cpu = cpuRefusal(definition);
    if (cpu.isPresent()) {
      return cpu;
    }
    for (Optional<String> file : List.of(definition.kernel(), definition.initrd())) {
      if (file.isPresent() && !Files.isReadable(Path.of(file.get()))) {
        return Optional.of(
            Problem.host(
                "no-boot-file",
                "The file %s of guest %s is not here".formatted(file.get(), definition.name()),
                "Copy it to the same path on every host the guest may run on."));
      }
    }
    for (GuestDisk disk : definition.disks()) {
      if (!Files.isReadable(Path.of(disk.path()))) {
        return Optional.of(
            Problem.host(
                "no-disk-image",
                "The disk %s of guest %s is not here".formatted(disk.path(), definition.name()),
                "Make it with 'qemu-img create', or name the image that is meant."));
      }
    }
    return Optional.empty();
  }

  /** Why this QEMU cannot give a guest its machine type, if it cannot. */
  public Optional<Problem> machineRefusal(GuestDefinition definition) {
    return machines.contains(definition.machine())
        ? Optional.empty()
        : Optional.of(
            Problem.host(
                "no-machine-type",
                "QEMU %s has no machine type '%s'".formatted(version, definition.machine()),
                "Install a newer QEMU here, or define the guest with a machine type both hosts"
                    + " have."));
  }

  /** Why this QEMU does not know a guest's CPU model, if it does not. */
  public Optional<Problem> cpuRefusal(GuestDefinition definition) {
    String model = cpuModel(definition);
    boolean special = model.equals("host") || model.equals("max") || model.equals("base");
    return special || cpuModels.containsKey(model)
        ? Optional.empty()
        : Optional.of(
            Problem.host(
                "no-cpu-model",
                "QEMU %s has no CPU model '%s'".formatted(version, model),
                "Define the guest with a CPU model that every host knows."));
  }

  /** What of a guest's CPU model this host cannot give it. */
  public List<String> missingFeatures(GuestDefinition definition) {
    return cpuModels.getOrDefault(cpuModel(definition), List.of());
  }

  /** A guest's CPU model, without the features that it adds or takes away. */
  public static String cpuModel(GuestDefinition definition) {
    return definition.cpu().split(",", 2)[0];
  }
}
