package io.drover.qemu;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads QEMU's outgoing stream, in pieces of any size, and says what its bytes are: which elements
 * it has, and which bytes are the bodies of pages.
 *
 * <p>It never alters the stream and never throws. From the first thing that it does not understand,
 * such as the devices' state at the end of a pre-copy, all is {@link Element#REST}. It keeps no
 * more of the stream than the field that it is in. One thread feeds it.
 */
final class RamStream {
  static final long MAGIC_AND_VERSION = 0x5145564d_00000003L;
  static final int RAM_VERSION = 4;
  private static final int MAX_FIELD_BYTES = 65_535;
  private static final int MAX_CONFIGURATION_BYTES = 256;
  private static final int USUAL_FIELD_BYTES = 512;

  private static final int FLAG_ZERO = 0x002;
  static final int FLAG_MEM_SIZE = 0x004;
  static final int FLAG_PAGE = 0x008;
  static final int FLAG_EOS = 0x010;
  static final int FLAG_CONTINUE = 0x020;
  private static final int FLAG_XBZRLE = 0x040;
  private static final int FLAG_MULTIFD_FLUSH = 0x200;

  static final byte SECTION_START = 1;
  static final byte SECTION_PART = 2;
  private static final byte SECTION_END = 3;
  private static final byte SUBSECTION = 5;
  private static final byte CONFIGURATION = 7;
  private static final byte COMMAND = 8;
  static final byte SECTION_FOOTER = 0x7e;

  /** A command's type, code and the length of its payload. */
  private static final int COMMAND_HEAD_BYTES = 5;

  static final int COMMAND_ADVISE = 3;
  static final int COMMAND_DISCARD = 6;
  static final int COMMAND_PACKAGED = 7;

  /** What the stream is made of, at its top level. */
  enum Element {
    HEADER,
    CONFIGURATION,
    SUBSECTION,
    /** The list of the guest's memory. */
    RAM_START,
    /** Pages. */
    RAM_PART,
    /** The last pages. */
    RAM_END,
    COMMAND,
    /** The devices' state in post-copy. */
    PACKAGE,
    /** Whatever is not understood, up to the stream's end. */
    REST
  }

  /** Is told what the bytes are; all bytes are told, once, in order. */
  interface Listener {
    /** An element begins with the next byte. */
    void begins(Element element);

    /** Bytes that are not of a page's body; only valid during the call. */
    void plain(byte[] bytes, int offset, int length);

    /**
     * Some bytes of a page's body; only valid during the call.
     *
     * @param last whether the body ends with them
     */
    void body(byte[] bytes, int offset, int length, boolean last);

    /** A page of zeros passed, whose bytes were plain. */
    default void zeroPage() {}

    /** A command is about to pass: {@code payload} has its payload up to {@code length}. */
    default void command(int code, byte[] payload, int offset, int length) {}

    /** The package has passed whole. */
    default void packageEnded() {}
  }

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
    PACKAGE_BODY,
    REST
  }

  private final Listener listener;
  private byte[] field = new byte[USUAL_FIELD_BYTES];
  private int filled;
  private long missing;
  private Field next;
  private int sectionNameBytes;
  private long ramSection = -1;
  private long newSection;
  private long pageBytes = 4096;
  private long recordFlags;
  private long memoryLeft;
  private long capabilitiesLeft;
  private int command;

  private RamStream(Listener listener, Field first, long length) {
    this.listener = listener;
    next = first;
    missing = length;
  }

  /** The stream of a first attempt, from its first byte. */
  static RamStream of(Listener listener) {
    RamStream stream = new RamStream(listener, Field.HEADER, 8);
    listener.begins(Element.HEADER);
    return stream;
  }

  /** The stream of a recovery, which relies on what the first attempt's said. */
  RamStream recovery(Listener wanting) {
    RamStream stream = new RamStream(wanting, Field.TYPE, 1);
    stream.ramSection = ramSection;
    stream.pageBytes = pageBytes;
    return stream;
  }

  int ramSection() {
    return (int) ramSection;
  }

  int pageBytes() {
    return (int) pageBytes;
  }

  /** Takes the stream's next bytes. */
  void read(byte[] bytes, int offset, int length) {
    int at = offset;
    int end = offset + length;
    while (at < end) {
      int taken = (int) Math.min(missing, end - at);
      switch (next) {
        case PAGE_BODY -> listener.body(bytes, at, taken, taken == missing);
        case DELTA_BODY, PACKAGE_BODY, REST -> listener.plain(bytes, at, taken);
        default -> {
          System.arraycopy(bytes, at, field, filled, taken);
          filled += taken;
        }
      }
      at += taken;
      missing -= taken;
      while (missing == 0) {
        complete();
      }
    }
  }

  private void complete() {
    Field whole = next;
    switch (whole) {
      // What element it is, is not known yet: its first bytes are told with what follows.
      case TYPE -> understandType();
      case COMMAND_HEAD -> understandCommand();
      case COMMAND_PAYLOAD -> understandPayload();
      default -> {
        understand(whole);
        pass();
      }
    }
  }

  /** Tells what is in the field, which is empty then. */
  private void pass() {
    int length = filled;
    filled = 0;
    if (length > 0) {
      listener.plain(field, 0, length);
    }
  }

  private void understand(Field complete) {
    switch (complete) {
      case HEADER -> readIf(number(0, 8) == MAGIC_AND_VERSION, Field.TYPE, 1);
      case CONFIGURATION_LENGTH ->
          readIf(number(0, 4) <= MAX_CONFIGURATION_BYTES, Field.CONFIGURATION, number(0, 4));
      case SUBSECTION_NAME_LENGTH -> {
        sectionNameBytes = field[0] & 0xff;
        expect(Field.SUBSECTION_NAME_AND_VERSION, sectionNameBytes + 4L);
      }
      case SUBSECTION_NAME_AND_VERSION -> understandSubsection(text(0, sectionNameBytes));
      case CAPABILITY_COUNT -> {
        capabilitiesLeft = number(0, 4);
        nextCapability();
      }
      case CAPABILITY_NAME_LENGTH -> expect(Field.CAPABILITY_NAME, field[0] & 0xff);
      case CAPABILITY_NAME -> nextCapability();
      case SECTION_ID_AND_NAME_LENGTH -> {
        newSection = number(0, 4);
        sectionNameBytes = field[4] & 0xff;
        expect(Field.SECTION_NAME_INSTANCE_VERSION, sectionNameBytes + 8L);
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
      case BLOCK_NAME_LENGTH -> expect(Field.BLOCK_NAME, field[0] & 0xff);
      case BLOCK_NAME -> expectBody();
      case PAGE_BODY, ZERO_BODY, DELTA_BODY -> expect(Field.RECORD, 8);
      case DELTA_HEAD -> readIf(field[0] == 1, Field.DELTA_BODY, number(1, 2));
      case MEMORY_NAME_LENGTH -> {
        sectionNameBytes = field[0] & 0xff;
        expect(Field.MEMORY_NAME_AND_LENGTH, sectionNameBytes + 8L);
      }
      case MEMORY_NAME_AND_LENGTH -> {
        memoryLeft -= number(sectionNameBytes, 8);
        nextMemoryBlock();
      }
      case FOOTER ->
          readIf(field[0] == SECTION_FOOTER && number(1, 4) == ramSection, Field.TYPE, 1);
      case CONFIGURATION, SUBSECTION_BODY -> expect(Field.TYPE, 1);
      case PACKAGE_BODY -> {
        listener.packageEnded();
        expect(Field.TYPE, 1);
      }
      case REST -> expect(Field.REST, Long.MAX_VALUE);
      case TYPE, COMMAND_HEAD, COMMAND_PAYLOAD ->
          throw new IllegalStateException(complete + " is understood elsewhere");
    }
  }

  private void understandType() {
    switch (field[0]) {
      case CONFIGURATION -> begin(Element.CONFIGURATION, Field.CONFIGURATION_LENGTH, 4);
      case SUBSECTION -> begin(Element.SUBSECTION, Field.SUBSECTION_NAME_LENGTH, 1);
      case SECTION_START -> {
        if (ramSection < 0) {
          begin(Element.RAM_START, Field.SECTION_ID_AND_NAME_LENGTH, 5);
        } else {
          // A second iterable section is something other than RAM.
          begin(Element.REST, Field.REST, Long.MAX_VALUE);
        }
      }
      case SECTION_PART -> begin(Element.RAM_PART, Field.SECTION_ID, 4);
      case SECTION_END -> begin(Element.RAM_END, Field.SECTION_ID, 4);
      case COMMAND -> expect(Field.COMMAND_HEAD, COMMAND_HEAD_BYTES - 1);
      // The stream's end, device state outside a package, or something unknown.
      default -> begin(Element.REST, Field.REST, Long.MAX_VALUE);
    }
  }

  private void begin(Element element, Field wanted, long length) {
    listener.begins(element);
    expect(wanted, length);
    pass();
  }

  private void understandSubsection(String name) {
    switch (name) {
      case "configuration/target-page-bits" -> expect(Field.SUBSECTION_BODY, 4);
      case "configuration/uuid" -> expect(Field.SUBSECTION_BODY, 16);
      case "configuration/capabilities" -> expect(Field.CAPABILITY_COUNT, 4);
      default -> giveUp();
    }
  }

  private void nextCapability() {
    if (capabilitiesLeft-- > 0) {
      expect(Field.CAPABILITY_NAME_LENGTH, 1);
    } else {
      expect(Field.TYPE, 1);
    }
  }

  private void understandRecord() {
    long record = number(0, 8);
    recordFlags = record & (pageBytes - 1);
    long kind = recordFlags & ~FLAG_CONTINUE;
    if (kind == FLAG_MEM_SIZE) {
      memoryLeft = record & -pageBytes;
      nextMemoryBlock();
    } else if (kind == FLAG_EOS) {
      expect(Field.FOOTER, 5);
    } else if (kind == FLAG_MULTIFD_FLUSH) {
      expect(Field.RECORD, 8);
    } else if (kind != FLAG_ZERO && kind != FLAG_PAGE && kind != FLAG_XBZRLE) {
      giveUp();
    } else if ((recordFlags & FLAG_CONTINUE) == 0) {
      expect(Field.BLOCK_NAME_LENGTH, 1);
    } else {
      expectBody();
    }
  }

  private void nextMemoryBlock() {
    if (memoryLeft > 0) {
      expect(Field.MEMORY_NAME_LENGTH, 1);
    } else {
      expect(Field.RECORD, 8);
    }
  }

  private void expectBody() {
    if ((recordFlags & FLAG_PAGE) != 0) {
      expect(Field.PAGE_BODY, pageBytes);
    } else if ((recordFlags & FLAG_ZERO) != 0) {
      listener.zeroPage();
      expect(Field.ZERO_BODY, 1);
    } else {
      expect(Field.DELTA_HEAD, 3);
    }
  }

  private void understandCommand() {
    command = (int) number(1, 2);
    int length = (int) number(3, 2);
    if (COMMAND_HEAD_BYTES + length > field.length) {
      field = Arrays.copyOf(field, COMMAND_HEAD_BYTES + MAX_FIELD_BYTES);
    }
    // The payload is told with its head: what the command is may depend on both.
    expect(Field.COMMAND_PAYLOAD, length);
  }

  private void understandPayload() {
    int length = filled - COMMAND_HEAD_BYTES;
    listener.begins(Element.COMMAND);
    listener.command(command, field, COMMAND_HEAD_BYTES, length);
    long word = length >= 4 ? number(COMMAND_HEAD_BYTES, 4) : 0;
    boolean advises = command == COMMAND_ADVISE && length == 16;
    long advised = advises ? number(COMMAND_HEAD_BYTES + 8, 8) : pageBytes;
    // Where some memory is of huge pages, the list of it has fields whose presence cannot be told
    // from the stream.
    boolean usual =
        !advises
            || (number(COMMAND_HEAD_BYTES, 8) == advised
                && Long.bitCount(advised) == 1
                && advised >= 1024
                && advised <= MAX_FIELD_BYTES + 1);
    if (usual) {
      pageBytes = advised;
    }
    pass();
    if (!usual || (command == COMMAND_PACKAGED && (length != 4 || word == 0))) {
      giveUp();
    } else if (command == COMMAND_PACKAGED) {
      listener.begins(Element.PACKAGE);
      expect(Field.PACKAGE_BODY, word);
    } else {
      expect(Field.TYPE, 1);
    }
  }

  private void readIf(boolean understood, Field wanted, long length) {
    if (understood) {
      expect(wanted, length);
    } else {
      giveUp();
    }
  }

  private void expect(Field wanted, long length) {
    next = wanted;
    missing = length;
  }

  /** The field that is not understood still is of the element that it is in. */
  private void giveUp() {
    pass();
    listener.begins(Element.REST);
    expect(Field.REST, Long.MAX_VALUE);
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
