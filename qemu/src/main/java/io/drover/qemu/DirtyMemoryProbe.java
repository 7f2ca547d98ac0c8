package io.drover.qemu;

import io.drover.migration.DirtyMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Finds out how much memory a running guest rewrites. */
final class DirtyMemoryProbe {
  private static final int[] SHARES_OF_WINDOW = {8, 4, 2, 1};

  /**
   * A guest that crosses in a moment is not worth a longer look: the window is at most the time in
   * which a fast link carries its memory.
   */
  private static final double FAST_BYTES_PER_SECOND = 1e9;

  private static final Duration SHORTEST_WINDOW = Duration.ofMillis(150);

  private static final int ATTEMPTS = 3;

  private static final Duration LOOK_EVERY = Duration.ofMillis(10);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);
  private static final long SAMPLED_PAGES = 8192;

  /** What QEMU counts a window in. */
  private enum Unit {
    MILLISECONDS,
    /** Before 8.2. */
    SECONDS
  }

  private final QemuGuest guest;
  private final Accelerator accelerator;

  /**
   * What one look found.
   *
   * @param firstHalf processor time that QEMU used in the first half of the window
   */
  record Look(DirtyMemory memory, Duration asked, Duration firstHalf, Duration secondHalf) {

    /**
     * Whether something kept the guest from running. Its memory would seem to cool down, and the
     * mode chosen for that would send everything twice.
     */
    boolean heldUp() {
      boolean late = memory.samples().getLast().window().compareTo(asked.multipliedBy(2)) > 0;
      boolean worked = firstHalf.compareTo(asked.dividedBy(4)) > 0;
      return late || (worked && secondHalf.compareTo(firstHalf.dividedBy(2)) < 0);
    }
  }

  DirtyMemoryProbe(QemuGuest guest, Accelerator accelerator) {
    this.guest = guest;
    this.accelerator = accelerator;
  }

  DirtyMemory measure(Duration window) {
    return switch (accelerator) {
      case KVM -> byQemu(window, "dirty-bitmap", OptionalLong.empty());
      // dirty-bitmap kills some versions under emulation, and tells nothing on the others.
      case TCG -> {
        try {
          yield byReferences(window);
        } catch (IOException e) {
          yield bySampling(window);
        }
      }
    };
  }

  /** What is written alone, where {@link #measure} counts what is read as well. */
  Optional<DirtyMemory> measureWrites(Duration window) {
    return switch (accelerator) {
      case KVM -> Optional.empty();
      case TCG -> Optional.of(bySampling(window));
    };
  }

  /**
   * The kernel marks every page that is used. Reads count too, so this is an upper bound, but it
   * costs the guest nothing and counts distinct pages.
   */
  private DirtyMemory byReferences(Duration longest) throws IOException {
    Path proc = Path.of("/proc", Long.toString(guest.pid()));
    Look look = look(proc, longest);
    for (int attempt = 1; attempt < ATTEMPTS && look.heldUp(); attempt++) {
      look = look(proc, longest);
    }
    return look.memory();
  }

  private Look look(Path proc, Duration longest) throws IOException {
    GuestMappings before = mappings(proc);
    long crossing = (long) (before.residentBytes() / FAST_BYTES_PER_SECOND * 1e9);
    Duration window =
        Duration.ofNanos(
            Math.min(longest.toNanos(), Math.max(SHORTEST_WINDOW.toNanos(), crossing)));
    Files.writeString(proc.resolve("clear_refs"), "1");
    long start = System.nanoTime();
    List<DirtyMemory.Sample> samples = new ArrayList<>();
    List<Duration> processor = new ArrayList<>(List.of(processorTime()));
    for (int share : SHARES_OF_WINDOW) {
      sleepUntil(start + window.toNanos() / share);
      GuestMappings now = mappings(proc);
      samples.add(
          new DirtyMemory.Sample(
              Duration.ofNanos(System.nanoTime() - start), now.referencedBytes()));
      processor.add(processorTime());
    }
    Duration half = processor.get(processor.size() - 2);
    return new Look(
        new DirtyMemory(
            before.residentBytes(), samples, "pages referenced, an upper bound of pages written"),
        window,
        half.minus(processor.getFirst()),
        processor.getLast().minus(half));
  }

  private Duration processorTime() {
    return ProcessHandle.of(guest.pid())
        .flatMap(process -> process.info().totalCpuDuration())
        .orElse(Duration.ZERO);
  }

  private GuestMappings mappings(Path proc) throws IOException {
    try (var lines = Files.lines(proc.resolve("smaps"))) {
      return GuestMappings.parse(lines, guest.definition().memory());
    }
  }

  private DirtyMemory bySampling(Duration window) {
    // Of a gigabyte: as many of a small guest as of a large one, within what QEMU takes.
    long mebibytes = Math.max(1, guest.definition().memory().mebibytes());
    long sampled = Math.clamp(SAMPLED_PAGES * 1024 / mebibytes, 512, 16384);
    return byQemu(window, "page-sampling", OptionalLong.of(sampled));
  }

  /** In two windows, to see whether the curve bends. */
  private DirtyMemory byQemu(Duration window, String mode, OptionalLong sampled) {
    List<DirtyMemory.Sample> samples = new ArrayList<>();
    Duration first = window.dividedBy(3);
    ObjectNode inMilliseconds = request(first, Unit.MILLISECONDS, mode, sampled);
    Unit unit = Unit.MILLISECONDS;
    if (guest.control().ask("calc-dirty-rate", inMilliseconds, Qmp.DEFAULT_TIMEOUT)
        instanceof QmpReply.Refused) {
      unit = Unit.SECONDS;
      first = Duration.ofSeconds(Math.max(1, first.toSeconds()));
      JsonNode _ = guest.control().run("calc-dirty-rate", request(first, unit, mode, sampled));
    }
    samples.add(finished(first));
    Duration second = first.multipliedBy(2);
    JsonNode _ = guest.control().run("calc-dirty-rate", request(second, unit, mode, sampled));
    samples.add(finished(second));
    long resident = guest.definition().memory().bytes();
    try {
      resident = mappings(Path.of("/proc", Long.toString(guest.pid()))).residentBytes();
    } catch (IOException e) {
      // All of the memory is a safe answer.
    }
    String caveat =
        sampled.isPresent()
            ? ", a sample of %d pages a gigabyte".formatted(sampled.getAsLong())
            : "";
    return new DirtyMemory(resident, samples, "QEMU's " + mode + caveat);
  }

  private static ObjectNode request(Duration window, Unit unit, String mode, OptionalLong sampled) {
    ObjectNode arguments = Qmp.object();
    switch (unit) {
      case MILLISECONDS ->
          arguments.put("calc-time", window.toMillis()).put("calc-time-unit", "millisecond");
      case SECONDS -> arguments.put("calc-time", window.toSeconds());
    }
    arguments.put("mode", mode);
    sampled.ifPresent(pages -> arguments.put("sample-pages", pages));
    return arguments;
  }

  private DirtyMemory.Sample finished(Duration window) {
    long start = System.nanoTime();
    JsonNode answer;
    do {
      sleepUntil(System.nanoTime() + LOOK_EVERY.toNanos());
      answer = guest.control().run("query-dirty-rate");
    } while (!answer.path("status").asString("").equals("measured")
        && System.nanoTime() - start < window.plus(LONGEST_WAIT).toNanos());
    long mebibytesPerSecond = Math.max(0, answer.path("dirty-rate").asLong(0));
    return new DirtyMemory.Sample(
        window, (long) ((mebibytesPerSecond << 20) * (window.toNanos() / 1e9)));
  }

  private static void sleepUntil(long nanos) {
    long left = nanos - System.nanoTime();
    if (left > 0) {
      try {
        Thread.sleep(Duration.ofNanos(left));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
