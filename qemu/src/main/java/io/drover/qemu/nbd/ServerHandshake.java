package io.drover.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The server's half of a fixed newstyle handshake over one export, which goes by its own name and
 * by none. An option that a client got wrong is refused and the handshake goes on; only bytes after
 * which nobody knows where the next option begins end it.
 */
final class ServerHandshake {
  private static final int CONTEXT_ID = 1;
  private static final byte[] NOTHING = {};

  private final Connection connection;
  private final String export;
  private final long size;
  private final BlockSizes sizes;
  private final Set<DeviceFeature> features;
  private final Set<Extra> extras = EnumSet.noneOf(Extra.class);
  private int clientFlags;

  /** Where an option leaves the handshake. */
  private enum Next {
    HAGGLE_ON,
    USE_EXPORT,
    LEAVE
  }

  ServerHandshake(Connection connection, String export, BlockDevice device) {
    this.connection = connection;
    this.export = export;
    size = device.size();
    sizes = device.blockSizes();
    features = Set.copyOf(device.features());
  }

  /** What was agreed on; empty if the client left before it used the export. */
  Optional<Set<Extra>> run() throws IOException {
    send(
        ByteBuffer.allocate(18)
            .putLong(Nbd.GREETING)
            .putLong(Nbd.OPTION_MAGIC)
            .putShort((short) (Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES)));
    ByteBuffer answer = ByteBuffer.allocate(4);
    if (!connection.readUnlessEnded(answer)) {
      return Optional.empty();
    }
    clientFlags = answer.flip().getInt();
    if ((clientFlags & ~(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES)) != 0) {
      throw new NbdProtocolException("client flags 0x%x are not known".formatted(clientFlags));
    }
    ByteBuffer head = ByteBuffer.allocate(16);
    while (connection.readUnlessEnded(head.clear())) {
      head.flip();
      long magic = head.getLong();
      if (magic != Nbd.OPTION_MAGIC) {
        throw new NbdProtocolException("an option begins with 0x%016x".formatted(magic));
      }
      switch (option(head.getInt(), Integer.toUnsignedLong(head.getInt()))) {
        case HAGGLE_ON -> {}
        case USE_EXPORT -> {
          return Optional.of(extras);
        }
        case LEAVE -> {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private Next option(int option, long bytes) throws IOException {
    if (option == Nbd.OPTION_EXPORT_NAME) {
      return exportName(bytes);
    }
    if (bytes > Nbd.MAX_OPTION_BYTES) {
      connection.skip(bytes);
      refuse(option, Nbd.ERROR_TOO_BIG, bytes + " bytes are too many for an option");
      return Next.HAGGLE_ON;
    }
    ByteBuffer data = ByteBuffer.allocate((int) bytes);
    connection.read(data);
    try {
      return option(option, data.flip());
    } catch (MalformedOptionException e) {
      refuse(option, Nbd.ERROR_INVALID, NbdServer.describe(e));
      return Next.HAGGLE_ON;
    }
  }

  private Next option(int option, ByteBuffer data) throws IOException, MalformedOptionException {
    switch (option) {
      case Nbd.OPTION_ABORT -> {
        reply(option, Nbd.REPLY_ACK, NOTHING);
        return Next.LEAVE;
      }
      case Nbd.OPTION_LIST -> {
        OptionData.requireEnd(data);
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        reply(
            option,
            Nbd.REPLY_SERVER,
            ByteBuffer.allocate(4 + name.length).putInt(name.length).put(name).array());
        reply(option, Nbd.REPLY_ACK, NOTHING);
      }
      case Nbd.OPTION_STRUCTURED_REPLY -> {
        OptionData.requireEnd(data);
        extras.add(Extra.STRUCTURED_REPLIES);
        reply(option, Nbd.REPLY_ACK, NOTHING);
      }
      case Nbd.OPTION_LIST_META_CONTEXT -> listContexts(data);
      case Nbd.OPTION_SET_META_CONTEXT -> setContexts(data);
      case Nbd.OPTION_INFO -> {
        boolean _ = describe(option, OptionData.ExportChoice.decode(data));
      }
      case Nbd.OPTION_GO -> {
        if (describe(option, OptionData.ExportChoice.decode(data))) {
          return Next.USE_EXPORT;
        }
      }
      default -> refuse(option, Nbd.ERROR_UNSUPPORTED, "option " + option + " is not known here");
    }
    return Next.HAGGLE_ON;
  }

  /** The old way to choose, which has no way to refuse. */
  private Next exportName(long bytes) throws IOException {
    if (bytes > Nbd.MAX_STRING_BYTES) {
      throw new NbdProtocolException("the name of an export has " + bytes + " bytes");
    }
    ByteBuffer data = ByteBuffer.allocate((int) bytes);
    connection.read(data);
    String name = StandardCharsets.UTF_8.decode(data.flip()).toString();
    if (!isExport(name) || sizes.minimum() > 1) {
      throw new NbdProtocolException(
          isExport(name)
              ? "the client does not ask for the block size, which it has to know"
              : "there is no export '" + name + "'");
    }
    boolean zeroes = (clientFlags & Nbd.NO_ZEROES) == 0;
    send(
        ByteBuffer.allocate(zeroes ? 134 : 10)
            .putLong(size)
            .putShort((short) transmissionFlags())
            .position(zeroes ? 134 : 10));
    return Next.USE_EXPORT;
  }

  /** Tells about the export; false if there is none of that name, or it is none for this client. */
  private boolean describe(int option, OptionData.ExportChoice choice) throws IOException {
    if (!isExport(choice.name())) {
      refuse(option, Nbd.ERROR_UNKNOWN_EXPORT, "there is no export '" + choice.name() + "'");
      return false;
    }
    boolean wantsSizes = choice.informations().contains(Nbd.INFO_BLOCK_SIZE);
    if (option == Nbd.OPTION_GO && sizes.minimum() > 1 && !wantsSizes) {
      refuse(option, Nbd.ERROR_BLOCK_SIZE_REQUIRED, "a client has to ask for the block size");
      return false;
    }
    reply(
        option,
        Nbd.REPLY_INFO,
        ByteBuffer.allocate(12)
            .putShort((short) Nbd.INFO_EXPORT)
            .putLong(size)
            .putShort((short) transmissionFlags())
            .array());
    if (wantsSizes) {
      reply(
          option,
          Nbd.REPLY_INFO,
          ByteBuffer.allocate(14)
              .putShort((short) Nbd.INFO_BLOCK_SIZE)
              .putInt(sizes.minimum())
              .putInt(sizes.preferred())
              .putInt(sizes.maximum())
              .array());
    }
    if (choice.informations().contains(Nbd.INFO_NAME)) {
      byte[] name = export.getBytes(StandardCharsets.UTF_8);
      reply(
          option,
          Nbd.REPLY_INFO,
          ByteBuffer.allocate(2 + name.length).putShort((short) Nbd.INFO_NAME).put(name).array());
    }
    reply(option, Nbd.REPLY_ACK, NOTHING);
    return true;
  }

  private int transmissionFlags() {
    int flags = DeviceFeature.transmissionFlags(features);
    // Every read is answered in one chunk anyway.
    return extras.contains(Extra.STRUCTURED_REPLIES) ? flags | Nbd.SEND_DF : flags;
  }

  private boolean isExport(String name) {
    return name.isEmpty() || name.equals(export);
  }

  private void listContexts(ByteBuffer data) throws IOException, MalformedOptionException {
    OptionData.ContextQueries asked = OptionData.ContextQueries.decode(data);
    if (!isExport(asked.export())) {
      refuse(
          Nbd.OPTION_LIST_META_CONTEXT,
          Nbd.ERROR_UNKNOWN_EXPORT,
          "there is no export '" + asked.export() + "'");
      return;
    }
    List<String> queries = asked.queries();
    if (queries.isEmpty() || queries.contains("base:") || queries.contains(Nbd.ALLOCATION)) {
      tellContext(Nbd.OPTION_LIST_META_CONTEXT, 0);
    }
    reply(Nbd.OPTION_LIST_META_CONTEXT, Nbd.REPLY_ACK, NOTHING);
  }

  private void setContexts(ByteBuffer data) throws IOException, MalformedOptionException {
    extras.remove(Extra.ALLOCATION); // whatever comes of this
    OptionData.ContextQueries asked = OptionData.ContextQueries.decode(data);
    if (!extras.contains(Extra.STRUCTURED_REPLIES)) {
      throw new MalformedOptionException("structured replies come first");
    }
    if (!isExport(asked.export())) {
      refuse(
          Nbd.OPTION_SET_META_CONTEXT,
          Nbd.ERROR_UNKNOWN_EXPORT,
          "there is no export '" + asked.export() + "'");
      return;
    }
    if (asked.queries().contains(Nbd.ALLOCATION)) {
      tellContext(Nbd.OPTION_SET_META_CONTEXT, CONTEXT_ID);
      if (features.contains(DeviceFeature.ALLOCATION)) {
        extras.add(Extra.ALLOCATION);
      }
    }
    reply(Nbd.OPTION_SET_META_CONTEXT, Nbd.REPLY_ACK, NOTHING);
  }

  private void tellContext(int option, int id) throws IOException {
    if (features.contains(DeviceFeature.ALLOCATION)) {
      byte[] name = Nbd.ALLOCATION.getBytes(StandardCharsets.UTF_8);
      reply(
          option,
          Nbd.REPLY_META_CONTEXT,
          ByteBuffer.allocate(4 + name.length).putInt(id).put(name).array());
    }
  }

  static int contextId() {
    return CONTEXT_ID;
  }

  private void refuse(int option, int error, String why) throws IOException {
    byte[] words = why.getBytes(StandardCharsets.UTF_8);
    reply(option, error, words.length > Nbd.MAX_STRING_BYTES ? NOTHING : words);
  }

  private void reply(int option, int type, byte[] data) throws IOException {
    send(
        ByteBuffer.allocate(20 + data.length)
            .putLong(Nbd.OPTION_REPLY_MAGIC)
            .putInt(option)
            .putInt(type)
            .putInt(data.length)
            .put(data));
  }

  private void send(ByteBuffer message) throws IOException {
    connection.write(message.flip());
  }
}
