package io.drover.agent;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * One document on disk: a line {@code drover-journal 1 LENGTH SHA256}, then the JSON of that length
 * and hash. People can read it; nobody can change a byte of it unnoticed.
 */
final class JournalFile {
  private static final String MAGIC = "drover-journal 1";
  private static final int MAX_HEAD_BYTES = 128;

  private JournalFile() {}

  static final class DamagedException extends Exception {
    private static final long serialVersionUID = 1L;

    DamagedException(String message) {
      super(message);
    }
  }

  static byte[] encode(String json) {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    byte[] head =
        "%s %d %s\n".formatted(MAGIC, body.length, hash(body)).getBytes(StandardCharsets.US_ASCII);
    byte[] whole = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, whole, head.length, body.length);
    return whole;
  }

  static String decode(byte[] bytes) throws DamagedException {
    int end = 0;
    while (end < bytes.length && end < MAX_HEAD_BYTES && bytes[end] != '\n') {
      end++;
    }
    String head = new String(bytes, 0, end, StandardCharsets.US_ASCII);
    if (bytes.length == 0) {
      throw new DamagedException("it is empty");
    }
    if (!head.startsWith(MAGIC + " ") || end == bytes.length || bytes[end] != '\n') {
      throw new DamagedException("it does not begin as a journal file of version 1");
    }
    byte[] body = Arrays.copyOfRange(bytes, end + 1, bytes.length);
    if (!head.equals("%s %d %s".formatted(MAGIC, body.length, hash(body)))) {
      throw new DamagedException("its checksum does not match");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw new DamagedException("it is not UTF-8");
    }
  }

  private static String hash(byte[] body) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
