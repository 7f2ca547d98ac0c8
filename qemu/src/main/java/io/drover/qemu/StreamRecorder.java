package io.drover.qemu;

import io.drover.migration.MemoryRange;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads QEMU's outgoing stream as the relay passes it on, and keeps what it takes to rebuild a
 * target that dies after the device state has left and before the guest ran: everything up to the
 * end of the package of device state, but for the pages. A new target that is fed this and then
 * loses its connection says that it has received nothing, and the source, paused in post-copy,
 * sends all pages again.
 *
 * <p>It never alters the stream and never throws: at the first thing it does not understand, or
 * when there is too much to keep, it gives up and lets go of what it kept. Reading ends with the
 * package. One thread feeds it; any may ask.
 */
public final class StreamRecorder {
  public static final int MAX_REPLAY_BYTES = 16 << 20;

  static final long MAGIC_AND_VERSION = 0x5145564d_00000003L;
  static final int RAM_VERSION = 4;
  private static final int MAX_FIELD_BYTES = 65_535;
  private static final int MAX_CONFIGURATION_BYTES = 256;

  private static final int FLAG_ZERO = 0x002;
  static final int FLAG_MEM_SIZE = 0x004;
  static final int FLAG_PAGE = 0x008;
  static final int FLAG_EOS = 0x010;
  static final int FLAG_CONTINUE = 0x020;
  private static final int FLAG_XBZRLE = 0x040;
  private static final int FLAG_MULTIFD_FLUSH = 0x200;

  static final byte SECTION_START = 1;
  static final byte SECTION_PART = 2;
  private static final byte SUBSECTION = 5;
  private static final byte CONFIGURATION = 7;
  private static final byte COMMAND = 8;
  static final byte SECTION_FOOTER = 0x7e;

  private static final int COMMAND_ADVISE = 3;
  private static final int COMMAND_DISCARD = 6;
  private static final int COMMAND_PACKAGED = 7;

  /** What is read next; how long it is, is known before. */
  private enum Field {
    HEADER,
    TYPE,
    CONFIGURATION_LENGTH,
    CONFIGURATION,
    SUBSECTION_NAME_LENGTH,
    SUBSECTION_NAME_AND_VERSION,
    SUBSECTION_BODY,
    CAPABILITY_COUNT,
    CAPABILITY_NAME_LENGTH,
    CAPABILITY_NAME,
    SECTION_ID_AND_NAME_LENGTH,
    SECTION_NAME_INSTANCE_VERSION,
    SECTION_ID,
    RECORD,
    BLOCK_NAME_LENGTH,
    BLOCK_NAME,
    PAGE_BODY,
    ZERO_BODY,
    DELTA_HEAD,
    DELTA_BODY,
    MEMORY_NAME_LENGTH,
    MEMORY_NAME_AND_LENGTH,
    FOOTER,
    COMMAND_HEAD,
    COMMAND_PAYLOAD,
    PACKAGE_BODY
  }

  private enum Progress {
    READING,
    COMPLETE,
    GAVE_UP
  }

  private final Consumer<MemoryRange> dropped;
  private ByteArrayOutputStream kept = new ByteArrayOutputStream(64 << 10);
  private byte[] field = new byte[512];
  private int filled;
  private long missing = 8;
  private Field next = Field.HEADER;
  private boolean keeping = true;
  private int sectionNameBytes;
  private long ramSection = -1;
  private long newSection;
  private long pageBytes = 4096;
  private long recordFlags;
  private long memoryLeft;
  private long capabilitiesLeft;
  private int command;
  private boolean discardSeen;
  private long pages;
  private long zeros;

  private volatile Progress progress = Progress.READING;
  private volatile Optional<byte[]> replay = Optional.empty();
  private volatile long pageRecords;
  private volatile long zeroRecords;

  /**
   * A recorder for one stream, from its first byte.
   *
   * @param dropped is told, just before the switch, what the target has to drop of the guest's main
   *     memory because the guest has written to it since it was sent, or because it was not sent
   */
  public StreamRecorder(Consumer<MemoryRange> dropped) {
    this.dropped = dropped;
  }

  /** Takes note of bytes on their way from the source, in order, in pieces of any size. */
  public void forward(byte[] bytes, int offset, int length) {
    int at = offset;
    int end = offset + length;
    while (at < end && progress == Progress.READING) {
      int taken = (int) Math.min(missing, end - at);
      switch (next) {
        case PAGE_BODY, DELTA_BODY -> {}
        case PACKAGE_BODY -> kept.write(bytes, at, taken);
        default -> {
          System.arraycopy(bytes, at, field, filled, taken);
          filled += taken;
        }
      }
      at += taken;
      missing -= taken;
      while (missing == 0 && progress == Progress.READING) {
        complete();
      }
    }
    pageRecords = pages;
    zeroRecords = zeros;
  }

  /** The bytes that prepare a new target; there once the package has passed completely. */
  public Optional<byte[]> replay() {
    return replay;
  }

  /** Whether the device state has passed: from then on the stream is in post-copy. */
  public boolean packagePassed() {
    return progress == Progress.COMPLETE;
  }

  /** Whole pages that passed before the package. */
  public long pageRecords() {
    return pageRecords;
  }

  /** Pages of zeros that passed before the package. */
  public long zeroRecords() {
    return zeroRecords;
  }

  int ramSection() {
    return (int) ramSection;
  }

  private void complete() {
    Field whole = next;
    // These are kept, or not, by what they announce.
    boolean announces = whole == Field.TYPE || whole == Field.COMMAND_HEAD;
    if (keeping && !announces) {
      keep();
    }
    if (progress == Progress.READING) {
      understand(whole);
    }
    filled = 0;
  }

  private void keep() {
    if (kept.size() + filled > MAX_REPLAY_BYTES) {
      giveUp();
    } else {
      kept.write(field, 0, filled);
    }
  }

  private void understand(Field complete) {
    switch (complete) {
      case HEADER -> readIf(number(0, 8) == MAGIC_AND_VERSION, Field.TYPE, 1);
      case TYPE -> understandType();
      case CONFIGURATION_LENGTH ->
          readIf(number(0, 4) <= MAX_CONFIGURATION_BYTES, Field.CONFIGURATION, number(0, 4));
      case SUBSECTION_NAME_LENGTH -> {
        sectionNameBytes = field[0] & 0xff;
        read(Field.SUBSECTION_NAME_AND_VERSION, sectionNameBytes + 4L);
      }
      case SUBSECTION_NAME_AND_VERSION -> understandSubsection(text(0, sectionNameBytes));
      case CAPABILITY_COUNT -> {
        capabilitiesLeft = number(0, 4);
        nextCapability();
      }
      case CAPABILITY_NAME_LENGTH -> read(Field.CAPABILITY_NAME, field[0] & 0xff);
      case CAPABILITY_NAME -> nextCapability();
      case SECTION_ID_AND_NAME_LENGTH -> {
        newSection = number(0, 4);
        sectionNameBytes = field[4] & 0xff;
        read(Field.SECTION_NAME_INSTANCE_VERSION, sectionNameBytes + 8L);
      }
      case SECTION_NAME_INSTANCE_VERSION -> {
        ramSection = newSection;
        boolean isRam =
            text(0, sectionNameBytes).equals("ram")
                && number(sectionNameBytes + 4, 4) == RAM_VERSION;
        readIf(isRam, Field.RECORD, 8);
      }
      case SECTION_ID -> readIf(number(0, 4) == ramSection, Field.RECORD, 8);
      case RECORD -> understandRecord();
      case BLOCK_NAME_LENGTH -> read(Field.BLOCK_NAME, field[0] & 0xff);
      case BLOCK_NAME -> readBody();
      case PAGE_BODY, ZERO_BODY, DELTA_BODY -> read(Field.RECORD, 8);
      case DELTA_HEAD -> readIf(field[0] == 1, Field.DELTA_BODY, number(1, 2));
      case MEMORY_NAME_LENGTH -> {
        sectionNameBytes = field[0] & 0xff;
        read(Field.MEMORY_NAME_AND_LENGTH, sectionNameBytes + 8L);
      }
      case MEMORY_NAME_AND_LENGTH -> {
        memoryLeft -= number(sectionNameBytes, 8);
        nextMemoryBlock();
      }
      case FOOTER -> {
        keeping = true;
        readIf(field[0] == SECTION_FOOTER && number(1, 4) == ramSection, Field.TYPE, 1);
      }
      case COMMAND_HEAD -> understandCommand();
      case COMMAND_PAYLOAD -> understandPayload();
      case CONFIGURATION, SUBSECTION_BODY -> read(Field.TYPE, 1);
      case PACKAGE_BODY -> {
        // QEMU sends a ping here too. Its answer shows that the target has the whole package.
        kept.writeBytes(StreamReplay.LAST_PING);
        replay = Optional.of(kept.toByteArray());
        progress = Progress.COMPLETE;
        release();
      }
    }
  }

  private void understandType() {
    byte type = field[0];
    keeping = type != SECTION_PART;
    switch (type) {
      case CONFIGURATION -> {
        keep();
        read(Field.CONFIGURATION_LENGTH, 4);
      }
      case SUBSECTION -> {
        keep();
        read(Field.SUBSECTION_NAME_LENGTH, 1);
      }
      case SECTION_START -> {
        keep();
        // A second iterable section would be something other than RAM.
        readIf(ramSection < 0, Field.SECTION_ID_AND_NAME_LENGTH, 5);
      }
      case SECTION_PART -> read(Field.SECTION_ID, 4);
      case COMMAND -> read(Field.COMMAND_HEAD, 4);
      // The end of a pre-copy, device state outside a package, or something unknown.
      default -> giveUp();
    }
  }

  private void understandSubsection(String name) {
    switch (name) {
      case "configuration/target-page-bits" -> read(Field.SUBSECTION_BODY, 4);
      case "configuration/uuid" -> read(Field.SUBSECTION_BODY, 16);
      case "configuration/capabilities" -> read(Field.CAPABILITY_COUNT, 4);
      default -> giveUp();
    }
  }

  private void nextCapability() {
    if (capabilitiesLeft-- > 0) {
      read(Field.CAPABILITY_NAME_LENGTH, 1);
    } else {
      read(Field.TYPE, 1);
    }
  }

  private void understandRecord() {
    long record = number(0, 8);
    recordFlags = record & (pageBytes - 1);
    long kind = recordFlags & ~FLAG_CONTINUE;
    if (keeping && kind != FLAG_MEM_SIZE && kind != FLAG_EOS && kind != FLAG_MULTIFD_FLUSH) {
      // Pages in the section that only lists the memory: keeping them is not what was meant.
      giveUp();
    } else if (kind == FLAG_MEM_SIZE) {
      memoryLeft = record & -pageBytes;
      nextMemoryBlock();
    } else if (kind == FLAG_EOS) {
      read(Field.FOOTER, 5);
    } else if (kind == FLAG_MULTIFD_FLUSH) {
      read(Field.RECORD, 8);
    } else if (kind != FLAG_ZERO && kind != FLAG_PAGE && kind != FLAG_XBZRLE) {
      giveUp();
    } else if ((recordFlags & FLAG_CONTINUE) == 0) {
      read(Field.BLOCK_NAME_LENGTH, 1);
    } else {
      readBody();
    }
  }

  private void nextMemoryBlock() {
    if (memoryLeft > 0) {
      read(Field.MEMORY_NAME_LENGTH, 1);
    } else {
      read(Field.RECORD, 8);
    }
  }

  private void readBody() {
    if ((recordFlags & FLAG_PAGE) != 0) {
      pages++;
      read(Field.PAGE_BODY, pageBytes);
    } else if ((recordFlags & FLAG_ZERO) != 0) {
      zeros++;
      read(Field.ZERO_BODY, 1);
    } else {
      read(Field.DELTA_HEAD, 3);
    }
  }

  private void understandCommand() {
    command = (int) number(0, 2);
    long length = number(2, 2);
    // Where no page is replayed, none needs discarding. One such command has to be there, though:
    // QEMU makes up for its absence in a way that leaves it in the wrong state.
    keeping = command != COMMAND_DISCARD || !discardSeen;
    discardSeen |= command == COMMAND_DISCARD;
    if (keeping) {
      kept.write(COMMAND);
      keep();
    }
    read(Field.COMMAND_PAYLOAD, length);
  }

  private void understandPayload() {
    keeping = true;
    if (command == COMMAND_PACKAGED) {
      long length = number(0, 4);
      readIf(
          filled == 4 && length > 0 && kept.size() + length <= MAX_REPLAY_BYTES,
          Field.PACKAGE_BODY,
          length);
    } else if (command == COMMAND_ADVISE && filled == 16) {
      pageBytes = number(8, 8);
      boolean usual = Long.bitCount(pageBytes) == 1 && pageBytes >= 1024 && pageBytes <= 65_536;
      // Where some memory is of huge pages, the list of it has fields whose presence cannot be
      // told from the stream.
      readIf(usual && number(0, 8) == pageBytes, Field.TYPE, 1);
    } else {
      if (command == COMMAND_DISCARD) {
        tellDropped();
      }
      read(Field.TYPE, 1);
    }
  }

  /**
   * A version, the block's name with its length before and a zero after it, and pairs of numbers.
   */
  private void tellDropped() {
    int nameBytes = field[1] & 0xff;
    if (nameBytes + 3 > filled || !text(2, nameBytes).equals(PageRequests.BLOCK)) {
      return;
    }
    for (int at = nameBytes + 3; at + 16 <= filled; at += 16) {
      long start = number(at, 8);
      long length = number(at + 8, 8);
      if (start >= 0 && length > 0 && start % pageBytes == 0 && length % pageBytes == 0) {
        dropped.accept(new MemoryRange(start, length));
      }
    }
  }

  private void readIf(boolean understood, Field wanted, long length) {
    if (understood) {
      read(wanted, length);
    } else {
      giveUp();
    }
  }

  private void read(Field wanted, long length) {
    if (progress == Progress.READING) {
      next = wanted;
      missing = length;
      if (length > field.length && length <= MAX_FIELD_BYTES && wanted == Field.COMMAND_PAYLOAD) {
        field = new byte[MAX_FIELD_BYTES];
      }
    }
  }

  private void giveUp() {
    progress = Progress.GAVE_UP;
    release();
  }

  private void release() {
    kept = new ByteArrayOutputStream(0);
    field = new byte[0];
  }

  private String text(int from, int length) {
    return new String(field, from, length, StandardCharsets.ISO_8859_1);
  }

  private long number(int from, int bytes) {
    long value = 0;
    for (int i = from; i < from + bytes; i++) {
      value = value << 8 | (field[i] & 0xff);
    }
    return value;
  }
}
