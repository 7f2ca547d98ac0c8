package io.drover.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Writes a message's fields, big-endian, within the same bounds that {@link FieldReader} checks.
 */
final class FieldWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

  FieldWriter(int type) {
    u8(type);
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  void u8(int value) {
    within(value, 0xff);
    out.write(value);
  }

  void u16(int value) {
    within(value, 0xffff);
    out.write(value >> 8);
    out.write(value);
  }

  void i32(int value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.write(value >> shift);
    }
  }

  void i64(long value) {
    i32((int) (value >> 32));
    i32((int) value);
  }

  void flag(boolean value) {
    u8(value ? 1 : 0);
  }

  /** A string that must arrive as it is. */
  void string(String value, int maxBytes) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    if (utf8.length > maxBytes) {
      throw new IllegalStateException(
          "a field of %d bytes where %d are allowed".formatted(utf8.length, maxBytes));
    }
    u16(utf8.length);
    out.writeBytes(utf8);
  }

  /** Prose for a person: better cut than not said. */
  void prose(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(utf8.length, Protocol.MAX_TEXT_BYTES);
    while (length < utf8.length && length > 0 && (utf8[length] & 0xc0) == 0x80) {
      length--; // not in the middle of a character
    }
    u16(length);
    out.write(utf8, 0, length);
  }

  void blob(Blob value) {
    byte[] bytes = value.bytes();
    i32(bytes.length);
    out.writeBytes(bytes);
  }

  <T> void optional(Optional<T> value, Consumer<T> write) {
    flag(value.isPresent());
    value.ifPresent(write);
  }

  <T> void list(List<T> values, Consumer<T> write) {
    if (values.size() > Protocol.MAX_LIST) {
      throw new IllegalStateException("a list of " + values.size());
    }
    u16(values.size());
    values.forEach(write);
  }

  private static void within(int value, int max) {
    if (value < 0 || value > max) {
      throw new IllegalStateException(value + " does not fit a field of 0 to " + max);
    }
  }
}
