package io.drover.qemu.nbd;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What the options of the handshake carry, read and written. */
final class OptionData {
  /**
   * A question about an export, or the choice of it.
   *
   * @param informations what the client wants to be told about it
   */
  record ExportChoice(String name, List<Integer> informations) {
    ExportChoice {
      informations = List.copyOf(informations);
    }

    static ExportChoice decode(ByteBuffer data) throws MalformedOptionException {
      String name = countedString(data, "export name");
      int count = Short.toUnsignedInt(take(data, 2, "number of informations").getShort());
      ByteBuffer numbers = take(data, 2L * count, "informations");
      List<Integer> informations = new ArrayList<>(count);
      while (numbers.hasRemaining()) {
        informations.add(Short.toUnsignedInt(numbers.getShort()));
      }
      requireEnd(data);
      return new ExportChoice(name, informations);
    }

    byte[] encode() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      writeCountedString(bytes, name);
      bytes.writeBytes(ByteBuffer.allocate(2).putShort((short) informations.size()).array());
      for (int information : informations) {
        bytes.writeBytes(ByteBuffer.allocate(2).putShort((short) information).array());
      }
      return bytes.toByteArray();
    }
  }

  /** Which contexts of an export a client wants to know about. */
  record ContextQueries(String export, List<String> queries) {
    ContextQueries {
      queries = List.copyOf(queries);
    }

    static ContextQueries decode(ByteBuffer data) throws MalformedOptionException {
      String export = countedString(data, "export name");
      long count = Integer.toUnsignedLong(take(data, 4, "number of queries").getInt());
      List<String> queries = new ArrayList<>();
      for (long i = 0; i < count; i++) { // ends with the data at the latest
        queries.add(countedString(data, "query"));
      }
      requireEnd(data);
      return new ContextQueries(export, queries);
    }

    byte[] encode() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      writeCountedString(bytes, export);
      bytes.writeBytes(ByteBuffer.allocate(4).putInt(queries.size()).array());
      queries.forEach(query -> writeCountedString(bytes, query));
      return bytes.toByteArray();
    }
  }

  private OptionData() {}

  static String string(ByteBuffer data, long bytes, String what) throws MalformedOptionException {
    if (bytes > Nbd.MAX_STRING_BYTES) {
      throw new MalformedOptionException(
          "%s of %d bytes, at most %d are allowed".formatted(what, bytes, Nbd.MAX_STRING_BYTES));
    }
    return StandardCharsets.UTF_8.decode(take(data, bytes, what)).toString();
  }

  private static String countedString(ByteBuffer data, String what)
      throws MalformedOptionException {
    long bytes = Integer.toUnsignedLong(take(data, 4, "length of the " + what).getInt());
    return string(data, bytes, what);
  }

  static ByteBuffer take(ByteBuffer data, long bytes, String what) throws MalformedOptionException {
    if (bytes > data.remaining()) {
      throw new MalformedOptionException(
          "%s of %d bytes where %d are left".formatted(what, bytes, data.remaining()));
    }
    ByteBuffer part = data.slice(data.position(), (int) bytes);
    data.position(data.position() + (int) bytes);
    return part;
  }

  static void requireEnd(ByteBuffer data) throws MalformedOptionException {
    if (data.hasRemaining()) {
      throw new MalformedOptionException(data.remaining() + " bytes too many");
    }
  }

  private static void writeCountedString(ByteArrayOutputStream out, String string) {
    byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
    out.writeBytes(ByteBuffer.allocate(4).putInt(bytes.length).array());
    out.writeBytes(bytes);
  }
}
