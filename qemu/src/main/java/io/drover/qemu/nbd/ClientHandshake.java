package io.drover.qemu.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The client's half of a fixed newstyle handshake. */
final class ClientHandshake {
  // More than any server has to tell of one export.
  private static final int MAX_REPLIES = 64;

  private final Connection connection;
  private final String export;

  /** A server's replies to one option, but for the one that ends them. */
  private sealed interface Answer {
    record Granted(List<Reply> replies) implements Answer {}

    record Refused(int error, String words) implements Answer {}
  }

  private record Reply(int type, ByteBuffer data) {}

  ClientHandshake(Connection connection, String export) {
    this.connection = connection;
    this.export = export;
  }

  ServerOffer run() throws IOException {
    try {
      return offer();
    } catch (MalformedOptionException e) {
      throw new NbdProtocolException(
          "the server's answer makes no sense: " + NbdServer.describe(e));
    } catch (EOFException e) {
      throw new NbdProtocolException("the server ended the handshake");
    }
  }

  private ServerOffer offer() throws IOException, MalformedOptionException {
    greet();
    Set<Extra> extras = EnumSet.noneOf(Extra.class);
    int contextId = 0;
    if (ask(Nbd.OPTION_STRUCTURED_REPLY, new byte[0]) instanceof Answer.Granted) {
      extras.add(Extra.STRUCTURED_REPLIES);
      Optional<Integer> context = askForAllocation();
      if (context.isPresent()) {
        extras.add(Extra.ALLOCATION);
        contextId = context.get();
      }
    }
    byte[] choice = new OptionData.ExportChoice(export, List.of(Nbd.INFO_BLOCK_SIZE)).encode();
    return switch (ask(Nbd.OPTION_GO, choice)) {
      case Answer.Granted granted -> describe(granted.replies(), extras, contextId);
      case Answer.Refused refused ->
          throw new NbdRefusedException(
              "the server does not give export '%s': %s".formatted(export, refused.words()));
    };
  }

  private void greet() throws IOException {
    ByteBuffer greeting = read(18);
    long first = greeting.getLong();
    long second = greeting.getLong();
    if (first != Nbd.GREETING || (second != Nbd.OPTION_MAGIC && second != Nbd.OLD_STYLE)) {
      throw new NbdProtocolException(
          "what listens there is no NBD server, it greets with 0x%016x%016x"
              .formatted(first, second));
    }
    int flags = greeting.getShort();
    if (second == Nbd.OLD_STYLE || (flags & Nbd.FIXED_NEWSTYLE) == 0) {
      throw new NbdRefusedException("the server knows only old kinds of handshake");
    }
    ByteBuffer answer = ByteBuffer.allocate(4);
    connection.write(answer.putInt(flags & (Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES)).flip());
  }

  private Optional<Integer> askForAllocation() throws IOException, MalformedOptionException {
    byte[] queries = new OptionData.ContextQueries(export, List.of(Nbd.ALLOCATION)).encode();
    Optional<Integer> id = Optional.empty();
    if (ask(Nbd.OPTION_SET_META_CONTEXT, queries) instanceof Answer.Granted granted) {
      for (Reply reply : granted.replies()) {
        ByteBuffer data = reply.data();
        int number = OptionData.take(data, 4, "context").getInt();
        String name = OptionData.string(data, data.remaining(), "context");
        if (reply.type() == Nbd.REPLY_META_CONTEXT && name.equals(Nbd.ALLOCATION)) {
          id = Optional.of(number);
        }
      }
    }
    return id;
  }

  private ServerOffer describe(List<Reply> replies, Set<Extra> extras, int contextId)
      throws NbdProtocolException, MalformedOptionException {
    long size = -1;
    int flags = 0;
    BlockSizes sizes = BlockSizes.BYTES;
    for (Reply reply : replies) {
      ByteBuffer data = reply.data();
      if (reply.type() != Nbd.REPLY_INFO) {
        throw new MalformedOptionException("reply " + reply.type() + " to the choice of export");
      }
      switch (OptionData.take(data, 2, "kind of information").getShort()) {
        case Nbd.INFO_EXPORT -> {
          ByteBuffer export = OptionData.take(data, 10, "description of the export");
          size = export.getLong();
          flags = export.getShort();
        }
        case Nbd.INFO_BLOCK_SIZE -> sizes = sizes(OptionData.take(data, 12, "block sizes"));
        default -> {}
      }
    }
    if (size < 0) {
      throw new NbdProtocolException("the server does not tell the export's size");
    }
    Set<DeviceFeature> features = DeviceFeature.ofTransmissionFlags(flags);
    if (extras.contains(Extra.ALLOCATION)) {
      features.add(DeviceFeature.ALLOCATION);
    }
    return new ServerOffer(size, sizes, features, extras, contextId);
  }

  private static BlockSizes sizes(ByteBuffer data) throws MalformedOptionException {
    long minimum = Integer.toUnsignedLong(data.getInt());
    long preferred = Integer.toUnsignedLong(data.getInt());
    long maximum = Integer.toUnsignedLong(data.getInt());
    try {
      int smallest = Math.toIntExact(minimum);
      int most = (int) Math.min(maximum, Nbd.MAX_PAYLOAD_BYTES);
      return new BlockSizes(
          smallest, Math.toIntExact(preferred), most - most % Math.max(smallest, 1));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new MalformedOptionException(
          "block sizes %d, %d, %d".formatted(minimum, preferred, maximum));
    }
  }

  private Answer ask(int option, byte[] data) throws IOException, MalformedOptionException {
    connection.write(
        ByteBuffer.allocate(16 + data.length)
            .putLong(Nbd.OPTION_MAGIC)
            .putInt(option)
            .putInt(data.length)
            .put(data)
            .flip());
    List<Reply> replies = new ArrayList<>();
    while (replies.size() < MAX_REPLIES) {
      ByteBuffer head = read(20);
      long magic = head.getLong();
      int echo = head.getInt();
      int type = head.getInt();
      long length = Integer.toUnsignedLong(head.getInt());
      if (magic != Nbd.OPTION_REPLY_MAGIC || echo != option || length > Nbd.MAX_OPTION_BYTES) {
        throw new NbdProtocolException(
            "to option %d the server answers 0x%016x, option %d, %d bytes"
                .formatted(option, magic, echo, length));
      }
      ByteBuffer body = read((int) length);
      if (type == Nbd.REPLY_ACK) {
        return new Answer.Granted(replies);
      }
      if (type < 0) { // all errors have the highest bit
        String words = StandardCharsets.UTF_8.decode(body).toString();
        return new Answer.Refused(
            type, words.isBlank() ? "error 0x%08x".formatted(type) : words.strip());
      }
      replies.add(new Reply(type, body));
    }
    throw new NbdProtocolException("the server's answer to option " + option + " has no end");
  }

  private ByteBuffer read(int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    connection.read(buffer);
    return buffer.flip();
  }
}
