package io.drover.wire;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** Reads a message's fields; every length and count is checked before memory is taken for it. */
final class FieldReader {
  private final ByteBuffer in;

  private FieldReader(byte[] payload) {
    in = ByteBuffer.wrap(payload);
  }

  /**
   * Runs {@code decode} over a payload.
   *
   * @throws ProblemException {@code protocol-error} for whatever cannot be decoded, whether the
   *     bytes are wrong or the values in them
   */
  static <T> T decode(byte[] payload, Function<FieldReader, T> decode) {
    FieldReader reader = new FieldReader(payload);
    try {
      return decode.apply(reader);
    } catch (BufferUnderflowException e) {
      throw Protocol.violation(
              "The peer sent a message of %d bytes that ends too early".formatted(payload.length))
          .asException(e);
    } catch (IllegalArgumentException e) {
      throw Protocol.violation("The peer sent an impossible value: " + e.getMessage())
          .asException(e);
    } catch (ProblemException e) {
      if (e.problem().kind() == Problem.Kind.USAGE) { // a record's own check
        throw Protocol.violation("The peer sent an impossible value: " + e.problem().message())
            .asException(e);
      }
      throw e;
    }
  }

  int u8() {
    return in.get() & 0xff;
  }

  int u16() {
    return in.getShort() & 0xffff;
  }

  /** Attempts and generations: never negative. */
  int i32() {
    int value = in.getInt();
    if (value < 0) {
      throw wrong("a number that counts up from 0", value);
    }
    return value;
  }

  long i64() {
    return in.getLong();
  }

  boolean flag() {
    int value = u8();
    if (value > 1) {
      throw wrong("a yes-or-no field", value);
    }
    return value == 1;
  }

  String string(int maxBytes) {
    int length = u16();
    if (length > maxBytes) {
      throw Protocol.violation(
              "The peer sent a text of %d bytes where %d are allowed".formatted(length, maxBytes))
          .asException();
    }
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer utf8 = in.slice(in.position(), length);
    in.position(in.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
    } catch (CharacterCodingException e) {
      throw Protocol.violation("The peer sent text that is not UTF-8").asException(e);
    }
  }

  String prose() {
    return string(Protocol.MAX_TEXT_BYTES);
  }

  Blob blob() {
    int length = in.getInt();
    if (length < 0 || length > Blob.MAX_BYTES) {
      throw wrong("the length of a blob", length);
    }
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new Blob(bytes);
  }

  <T> Optional<T> optional(Supplier<T> read) {
    return flag() ? Optional.of(read.get()) : Optional.empty();
  }

  <T> List<T> list(Supplier<T> read) {
    int count = u16();
    if (count > Protocol.MAX_LIST) {
      throw wrong("the length of a list", count);
    }
    List<T> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      values.add(read.get());
    }
    return values;
  }

  /** The one of {@code values} whose code comes next. */
  <T> T oneOf(String what, T[] values, ToIntFunction<T> code) {
    int wanted = u8();
    for (T value : values) {
      if (code.applyAsInt(value) == wanted) {
        return value;
      }
    }
    throw wrong(what, wanted);
  }

  void end() {
    if (in.hasRemaining()) {
      throw Protocol.violation(
              "The peer sent %d bytes more than the message has".formatted(in.remaining()))
          .asException();
    }
  }

  static ProblemException wrong(String what, int value) {
    return Protocol.violation(
            "The peer sent %d as %s, which protocol version %d does not know"
                .formatted(value, what, Protocol.NEWEST))
        .asException();
  }
}
