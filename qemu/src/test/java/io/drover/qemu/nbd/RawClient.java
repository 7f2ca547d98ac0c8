package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** Speaks the protocol byte by byte, also wrongly. */
final class RawClient {
  record OptionReply(int option, int type, ByteBuffer data) {
    String text() {
      return StandardCharsets.UTF_8.decode(data.duplicate()).toString();
    }
  }

  final SocketChannel channel;

  RawClient(SocketChannel channel) {
    this.channel = channel;
  }

  /** With the flags that a modern client has. */
  RawClient greet() throws IOException {
    return greet(3);
  }

  RawClient greet(int flags) throws IOException {
    ByteBuffer greeting = read(18);
    assertThat(greeting.getLong()).isEqualTo(0x4e42444d41474943L);
    assertThat(greeting.getLong()).isEqualTo(0x49484156454f5054L);
    assertThat(greeting.getShort()).isEqualTo((short) 3);
    return send(ByteBuffer.allocate(4).putInt(flags));
  }

  RawClient option(int option, byte... data) throws IOException {
    return send(
        ByteBuffer.allocate(16 + data.length)
            .putLong(0x49484156454f5054L)
            .putInt(option)
            .putInt(data.length)
            .put(data));
  }

  OptionReply optionReply() throws IOException {
    ByteBuffer head = read(20);
    assertThat(head.getLong()).isEqualTo(0x3e889045565a9L);
    return new OptionReply(head.getInt(), head.getInt(), read(head.getInt()));
  }

  /** Into transmission. */
  RawClient go(String name) throws IOException {
    option(7, exportChoice(name, 3));
    int type;
    do {
      type = optionReply().type();
    } while (type == 3);
    assertThat(type).isEqualTo(1);
    return this;
  }

  static byte[] exportChoice(String name, int... informations) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data =
        ByteBuffer.allocate(6 + bytes.length + 2 * informations.length)
            .putInt(bytes.length)
            .put(bytes)
            .putShort((short) informations.length);
    for (int information : informations) {
      data.putShort((short) information);
    }
    return data.array();
  }

  static byte[] contexts(String export, String... queries) {
    ByteBuffer data = ByteBuffer.allocate(1024);
    data.putInt(export.length()).put(export.getBytes(StandardCharsets.UTF_8));
    data.putInt(queries.length);
    for (String query : queries) {
      data.putInt(query.length()).put(query.getBytes(StandardCharsets.UTF_8));
    }
    byte[] bytes = new byte[data.position()];
    data.flip().get(bytes);
    return bytes;
  }

  static ByteBuffer request(int flags, int type, long cookie, long offset, int length) {
    return ByteBuffer.allocate(28)
        .putInt(0x25609513)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putLong(offset)
        .putInt(length);
  }

  RawClient ask(int flags, int type, long cookie, long offset, int length) throws IOException {
    return send(request(flags, type, cookie, offset, length));
  }

  /** The error of the reply, which has to be a simple one. */
  int simpleReply(long cookie) throws IOException {
    ByteBuffer reply = read(16);
    assertThat(reply.getInt()).isEqualTo(0x67446698);
    int error = reply.getInt();
    assertThat(reply.getLong()).isEqualTo(cookie);
    return error;
  }

  /** What the only chunk of a structured reply carries. */
  ByteBuffer chunk(int type, long cookie) throws IOException {
    ByteBuffer head = read(20);
    assertThat(head.getInt()).isEqualTo(0x668e33ef);
    assertThat(head.getShort()).isEqualTo((short) 1);
    assertThat(head.getShort()).isEqualTo((short) type);
    assertThat(head.getLong()).isEqualTo(cookie);
    return read(head.getInt());
  }

  RawClient send(ByteBuffer bytes) throws IOException {
    bytes.flip();
    while (bytes.hasRemaining()) {
      int _ = channel.write(bytes);
    }
    return this;
  }

  ByteBuffer read(int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      assertThat(channel.read(bytes)).isPositive();
    }
    return bytes.flip();
  }

  /** Nothing more comes. */
  void expectEnd() throws IOException {
    ByteBuffer more = ByteBuffer.allocate(1);
    try {
      assertThat(channel.read(more)).isEqualTo(-1);
    } catch (IOException reset) {
      // Closed before all that was sent had been read.
    }
  }
}
