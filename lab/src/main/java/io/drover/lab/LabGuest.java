package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.model.ByteSize;
import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** A guest in a lab, wherever it is now: its definition, its address and its serial lines. */
final class LabGuest {
  /** What kernel, busybox and the loads themselves want beside the load's memory, at least. */
  private static final int SYSTEM_MEBIBYTES = 256;

  private static final int KERNEL_MEBIBYTES = 128;

  /** The kernel describes each page of memory, and the load's pages have tables. */
  private static final int LOAD_TO_DESCRIPTIONS = 20;

  private static final Duration BOOT_PATIENCE = Duration.ofMinutes(3);

  /** Slower than any machine that one would measure on. */
  private static final int FILLED_MEBIBYTES_PER_SECOND = 20;

  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration GROWTH_LOOK = Duration.ofSeconds(1);
  private static final long GROWTH_BYTES = 4 << 20;

  private final Lab lab;
  private final GuestNetwork network;
  private final String name;
  private final int index;
  private final GuestSpec spec;
  private final Workload workload;
  private final Map<String, SerialLog> serials = new HashMap<>();
  private long residentBytes;
  private long residentNanos = System.nanoTime();

  /** On the bridge where a lab's guests usually are. */
  LabGuest(Lab lab, GuestImage image, String name, int index, Workload workload, ByteSize memory) {
    this(lab, image, name, index, workload, memory, Optional.empty());
  }

  LabGuest(
      Lab lab,
      GuestImage image,
      String name,
      int index,
      Workload workload,
      ByteSize memory,
      Optional<String> owner) {
    this(
        lab,
        image,
        name,
        index,
        workload,
        memory,
        lab.record().topology().guests().getFirst(),
        owner);
  }

  LabGuest(
      Lab lab,
      GuestImage image,
      String name,
      int index,
      Workload workload,
      ByteSize memory,
      GuestNetwork network,
      Optional<String> owner) {
    this.lab = lab;
    this.network = network;
    this.name = name;
    this.index = index;
    this.workload = workload;
    this.spec =
        new GuestSpec(
            name,
            Optional.empty(),
            memory.mebibytes() + "M",
            Optional.of(1),
            Optional.empty(),
            Optional.empty(),
            Optional.of(image.kernel().toString()),
            Optional.of(image.initrdFor(workload).toString()),
            Optional.of(image.commandLine(workload, network.addresses(index), network.gateways())),
            Optional.of(
                List.of(
                    new GuestSpec.CardSpec(
                        Optional.of(AddressPlan.guestMac(index)),
                        network.bridge(),
                        Optional.of(network.bareAddresses(index)),
                        Optional.empty()))),
            Optional.of("/run/serial/" + name + ".log"),
            owner);
  }

  /** Memory that leaves the load room: at least 512 MiB, in steps of 256. */
  static ByteSize memoryFor(Workload workload) {
    long load = workload.mebibytes();
    long system = Math.max(SYSTEM_MEBIBYTES, KERNEL_MEBIBYTES + load / LOAD_TO_DESCRIPTIONS);
    long wanted = Math.max(512, load + system);
    return ByteSize.ofMebibytes((wanted + 255) / 256 * 256);
  }

  String name() {
    return name;
  }

  /** The first of its addresses. */
  String address() {
    return network.address(index);
  }

  /** All of them, with the length of their prefix. */
  List<String> addresses() {
    return network.addresses(index);
  }

  /** All of them, without. */
  List<String> bareAddresses() {
    return network.bareAddresses(index);
  }

  Workload workload() {
    return workload;
  }

  GuestSpec spec() {
    return spec;
  }

  /** The same guest with disks. */
  GuestSpec specWith(List<GuestSpec.DiskSpec> disks) {
    return spec.withDisks(disks);
  }

  /** Its QEMU, if that runs on this host. */
  Optional<ProcessIdentity> process(String host) {
    return lab.node(host).processes().stream()
        .filter(process -> Leftovers.command(process.pid()).startsWith("qemu-system"))
        .filter(process -> arguments(process).contains("/" + name + ".log"))
        .findFirst();
  }

  private static String arguments(ProcessIdentity process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    } catch (IOException gone) {
      return "";
    }
  }

  /**
   * Whether its memory has stopped to grow. What is resident of the whole process would not do: the
   * emulator's own code takes as much as a small load.
   */
  private boolean isFilled(String host) {
    if (System.nanoTime() - residentNanos < GROWTH_LOOK.toNanos()) {
      return false;
    }
    long before = residentBytes;
    residentNanos = System.nanoTime();
    residentBytes =
        process(host)
            .map(qemu -> NonZeroMemory.residentBytes(qemu, ByteSize.parse(spec.memory()).bytes()))
            .orElse(0L);
    return residentBytes >= (long) workload.mebibytes() << 20
        && residentBytes - before < GROWTH_BYTES;
  }

  /** The serial line as that host wrote it down. */
  SerialLog serial(String host) {
    Path file = lab.runFolder(host).resolve("serial").resolve(name + ".log");
    SerialLog log = serials.computeIfAbsent(host, _ -> new SerialLog(file));
    log.refresh();
    return log;
  }

  /** Waits until the guest runs and its load has the memory it wants. */
  void awaitLoaded(String host) {
    await(host, "came up", SerialLog::ready);
    switch (workload) {
      case Workload.Idle _ -> {}
      case Workload.Stress _, Workload.StressNg _ -> {
        await(host, "ran its load", log -> log.busyProcesses() > 0);
        // They do not say when they have all of their memory; the machine knows.
        await(host, "filled its memory", _ -> isFilled(host));
        awaitBusy(host);
      }
      case Workload.Verified _, Workload.Corrupted _, Workload.Worked _ -> {
        await(host, "filled its memory", SerialLog::loaded);
        await(host, "reported its memory", log -> log.memory().isPresent());
      }
      case Workload.Serving _ -> await(host, "opened its ports", SerialLog::serves);
      case Workload.Touched _ -> await(host, "filled its memory", SerialLog::loaded);
      case Workload.Probed _ -> await(host, "timed its reads", log -> log.probes() > 0);
    }
  }

  /**
   * Waits until all of the load's memory was checked by a sweep that began after this call.
   *
   * @return what the load says then; nothing when the load does not check itself
   */
  Optional<MemoryStatus> awaitWholeSweep(String host) {
    if (!(workload instanceof Workload.Verified
        || workload instanceof Workload.Corrupted
        || workload instanceof Workload.Worked)) {
      return Optional.empty();
    }
    await(host, "spoke again", log -> log.memory().isPresent());
    long before = serial(host).memory().map(MemoryStatus::sweeps).orElseThrow();
    // The first sweep that ends may have begun before; the second did not.
    await(
        host,
        "verified all of its memory",
        log -> log.memory().map(MemoryStatus::sweeps).orElse(0L) >= before + 2);
    return serial(host).memory();
  }

  /** What the timed reads say next; only of a guest that times them. */
  ProbedReads awaitProbe(String host) {
    long before = serial(host).probes();
    await(host, "timed its reads", log -> log.probes() > before);
    return serial(host).probed().orElseThrow();
  }

  /**
   * Waits until the guest says that a load goes on that does not check itself.
   *
   * @throws io.drover.model.ProblemException if it has ended: what was measured then is the move of
   *     another guest than was meant
   */
  void awaitBusy(String host) {
    if (!(workload instanceof Workload.Stress || workload instanceof Workload.StressNg)) {
      return;
    }
    long before = serial(host).lines();
    await(host, "spoke again", log -> log.lines() > before + 1);
    if (serial(host).busyProcesses() == 0) {
      throw silent(
          host,
          "kept its load up",
          serial(host).faults().stream().findFirst().orElse("none of its processes is left"));
    }
  }

  /** Panics, failed checks and ended loads, on whatever host they were seen. */
  List<String> faults() {
    return serials.values().stream().flatMap(log -> log.faults().stream()).toList();
  }

  private void await(String host, String what, Predicate<SerialLog> condition) {
    Duration patience =
        BOOT_PATIENCE.plusSeconds(workload.mebibytes() / FILLED_MEBIBYTES_PER_SECOND);
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.test(serial(host))) {
      List<String> faults = serial(host).faults();
      if (faults.stream().anyMatch(fault -> fault.contains("panic"))) {
        throw silent(host, what, "it says: " + faults.getFirst());
      }
      if (System.nanoTime() > deadline) {
        throw silent(host, what, "it did not within %d s".formatted(patience.toSeconds()));
      }
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }
  }

  private RuntimeException silent(String host, String what, String why) {
    return Problem.migration(
            "guest-silent",
            "The guest %s never %s on %s: %s".formatted(name, what, host, why),
            "Read its serial line in %s."
                .formatted(lab.runFolder(host).resolve("serial/" + name + ".log")))
        .asException();
  }
}
