package io.drover.qemu;

import io.drover.migration.MemoryRange;
import io.drover.model.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the pages lie that a guest touches as soon as it runs at the target, whatever its load: the
 * lowest ones, the operating system's code and data, and the top of memory, where an operating
 * system keeps what it allots at its start (descriptions of pages, what belongs to each processor).
 * Sent ahead, they spare the guest some hundred page requests, one after the other. See
 * docs/adr/0007.
 *
 * <p>The code is found through the processor's own table of interrupt handlers, which any operating
 * system has; how far it reaches around the handler of page faults is taken from Linux, and is only
 * a guess for others. A wrong guess costs the time to send these pages early instead of late.
 */
final class FirstPages {
  private static final Logger LOG = LoggerFactory.getLogger(FirstPages.class);
  private static final long MEBIBYTE = 1 << 20;
  private static final int PAGE_FAULT_VECTOR = 14;
  private static final int GATE_BYTES = 16;

  /** The devices' part; loading their state reads some of it. */
  private static final long LOWEST = MEBIBYTE;

  /** Linux allots upwards from here what it needs early. */
  private static final long EARLY_START = 16 * MEBIBYTE;

  private static final long EARLY_END = 42 * MEBIBYTE;

  /** Linux's interrupt entries follow its other code and precede its data. */
  private static final long CODE_BEFORE = 14 * MEBIBYTE;

  private static final long DATA_AFTER = 26 * MEBIBYTE;

  /**
   * From the top downwards lie Linux's page tables, its descriptions of pages, 64 bytes for each 4
   * KiB, and what belongs to each processor with some tables that grow with memory. The
   * descriptions are many, rewritten all the time by whoever allots memory, and few are needed.
   */
  private static final long TOP = 4 * MEBIBYTE;

  private static final long MEMORY_TO_DESCRIPTIONS = 64;
  private static final long BELOW_DESCRIPTIONS = 4 * MEBIBYTE;
  private static final long MEMORY_TO_TABLES = 512;

  private static final Pattern TABLE = Pattern.compile("(?m)^IDT= *([0-9a-f]{16}) ");
  private static final Pattern WORDS = Pattern.compile(": 0x([0-9a-f]{16}) 0x([0-9a-f]{16})");
  private static final Pattern PHYSICAL = Pattern.compile("gpa: 0x([0-9a-f]{1,16})\\s*");
  private static final Pattern HOST =
      Pattern.compile(
          "Host virtual address for 0x[0-9a-f]+ \\((\\S+)\\) is 0x([0-9a-f]{1,16})\\s*");

  private final UnaryOperator<String> monitor;
  private final long blockBytes;

  /**
   * Of a guest's main memory.
   *
   * @param monitor answers commands of QEMU's monitor for people
   */
  FirstPages(UnaryOperator<String> monitor, long blockBytes) {
    this.monitor = monitor;
    this.blockBytes = blockBytes;
  }

  static FirstPages of(QemuGuest guest) {
    return new FirstPages(guest::askMonitor, guest.definition().memory().bytes());
  }

  /** In the order in which they are wanted, without overlap. */
  List<MemoryRange> find() {
    long descriptionsEnd = blockBytes - TOP;
    long descriptionsStart = descriptionsEnd - blockBytes / MEMORY_TO_DESCRIPTIONS;
    long tablesStart = descriptionsStart - BELOW_DESCRIPTIONS - blockBytes / MEMORY_TO_TABLES;
    if (tablesStart <= EARLY_END) {
      return List.of(MemoryRange.within(blockBytes, 0, blockBytes));
    }
    List<MemoryRange> found = new ArrayList<>();
    found.add(MemoryRange.within(blockBytes, 0, LOWEST));
    kernel(EARLY_END, tablesStart).ifPresent(found::add);
    found.add(MemoryRange.within(blockBytes, tablesStart, descriptionsStart));
    found.add(MemoryRange.within(blockBytes, descriptionsEnd, blockBytes));
    found.add(MemoryRange.within(blockBytes, EARLY_START, EARLY_END));
    return found;
  }

  /** The operating system's code and data, as far as they lie between these. */
  private Optional<MemoryRange> kernel(long above, long below) {
    try {
      OptionalLong handler = handlerOffset();
      if (handler.isPresent()) {
        long start = Math.max(above, handler.getAsLong() - CODE_BEFORE);
        long end = Math.min(below, handler.getAsLong() + DATA_AFTER);
        if (start < end) {
          return Optional.of(MemoryRange.within(blockBytes, start, end));
        }
      }
    } catch (ProblemException e) {
      LOG.debug("where a guest's kernel lies is not known: {}", e.problem());
    }
    return Optional.empty();
  }

  /** Where in the block the code lies that handles page faults. */
  private OptionalLong handlerOffset() {
    Matcher table = TABLE.matcher(monitor.apply("info registers"));
    if (!table.find()) {
      return OptionalLong.empty();
    }
    long gate = Long.parseUnsignedLong(table.group(1), 16) + PAGE_FAULT_VECTOR * GATE_BYTES;
    Matcher words = WORDS.matcher(monitor.apply("x /2gx 0x%x".formatted(gate)));
    if (!words.find()) {
      return OptionalLong.empty();
    }
    long low = Long.parseUnsignedLong(words.group(1), 16);
    long high = Long.parseUnsignedLong(words.group(2), 16);
    long handler = (low & 0xffff) | (low >>> 48) << 16 | (high & 0xffffffffL) << 32;
    Matcher physical = PHYSICAL.matcher(monitor.apply("gva2gpa 0x%x".formatted(handler)));
    if (!physical.matches()) {
      return OptionalLong.empty();
    }
    // Physical addresses have holes; the block has none.
    OptionalLong base = hostAddress(0);
    OptionalLong code = hostAddress(Long.parseUnsignedLong(physical.group(1), 16));
    return base.isPresent() && code.isPresent()
        ? OptionalLong.of(code.getAsLong() - base.getAsLong())
        : OptionalLong.empty();
  }

  private OptionalLong hostAddress(long physical) {
    Matcher host = HOST.matcher(monitor.apply("gpa2hva 0x%x".formatted(physical)));
    return host.matches() && host.group(1).equals(PageRequests.BLOCK)
        ? OptionalLong.of(Long.parseUnsignedLong(host.group(2), 16))
        : OptionalLong.empty();
  }
}
