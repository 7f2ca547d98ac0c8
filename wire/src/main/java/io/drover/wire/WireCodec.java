package io.drover.wire;

import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.ProblemException;

/**
 * Turns messages into frame payloads and back: one type byte, then the fields in order.
 *
 * <p>Whatever a peer sends, decoding either returns a valid message or throws a {@link
 * ProblemException} with the code {@code protocol-error}; memory stays within a small multiple of
 * the payload.
 */
public final class WireCodec {
  static final int HELLO = 0x01;
  static final int WELCOME = 0x02;
  static final int HELLO_REFUSED = 0x03;

  private static final int MAX_NAME = 40;
  private static final int CONTROL = 1;
  private static final int CHANNEL = 2;
  private static final int PROBE = 3;
  private static final int REDIRECT = 4;
  private static final int NAMES = 5;

  private WireCodec() {}

  public static byte[] encode(Hello hello) {
    FieldWriter out = new FieldWriter(HELLO);
    out.u16(hello.oldest());
    out.u16(hello.newest());
    out.string(hello.from().value(), MAX_NAME);
    switch (hello.purpose()) {
      case Purpose.Control(MigrationId migration) -> {
        out.u8(CONTROL);
        out.string(migration.value(), MAX_NAME);
      }
      case Purpose.Channel(MigrationId migration, int attempt, int channel, Ticket ticket) -> {
        out.u8(CHANNEL);
        out.string(migration.value(), MAX_NAME);
        out.i32(attempt);
        out.u16(channel);
        PeerMessageFields.ticket(out, ticket);
      }
      case Purpose.Probe() -> out.u8(PROBE);
      case Purpose.Redirect() -> out.u8(REDIRECT);
      case Purpose.Names() -> out.u8(NAMES);
    }
    return out.bytes();
  }

  /**
   * Decodes a hello of this or any later version: the versions and the name come first for ever, so
   * that a caller with whom there is nothing in common is refused by name; a newer caller may add
   * fields at the end, which are ignored.
   *
   * @throws ProblemException {@code no-common-version} or {@code protocol-error}
   */
  public static Hello decodeHello(byte[] payload) {
    return FieldReader.decode(
        payload,
        in -> {
          expect(in.u8(), HELLO, "a hello");
          int oldest = in.u16();
          int newest = in.u16();
          HostName from = new HostName(in.string(MAX_NAME));
          Protocol.commonVersion("Host " + from, oldest, newest);
          Hello hello = new Hello(oldest, newest, from, purpose(in));
          if (newest <= Protocol.NEWEST) {
            in.end();
          }
          return hello;
        });
  }

  private static Purpose purpose(FieldReader in) {
    int kind = in.u8();
    return switch (kind) {
      case CONTROL -> new Purpose.Control(new MigrationId(in.string(MAX_NAME)));
      case CHANNEL ->
          new Purpose.Channel(
              new MigrationId(in.string(MAX_NAME)),
              in.i32(),
              in.u16(),
              PeerMessageFields.ticket(in));
      case PROBE -> new Purpose.Probe();
      case REDIRECT -> new Purpose.Redirect();
      case NAMES -> new Purpose.Names();
      default -> throw FieldReader.wrong("a connection's purpose", kind);
    };
  }

  public static byte[] encode(HelloReply reply) {
    return switch (reply) {
      case HelloReply.Welcome(int version, HostName from) -> {
        FieldWriter out = new FieldWriter(WELCOME);
        out.u16(version);
        out.string(from.value(), MAX_NAME);
        yield out.bytes();
      }
      case HelloReply.Refused refused -> {
        FieldWriter out = new FieldWriter(HELLO_REFUSED);
        PeerMessageFields.problem(out, refused.problem());
        yield out.bytes();
      }
    };
  }

  public static HelloReply decodeHelloReply(byte[] payload) {
    return FieldReader.decode(
        payload,
        in -> {
          int type = in.u8();
          HelloReply reply =
              switch (type) {
                case WELCOME -> new HelloReply.Welcome(in.u16(), new HostName(in.string(MAX_NAME)));
                case HELLO_REFUSED -> new HelloReply.Refused(PeerMessageFields.problem(in));
                default -> throw FieldReader.wrong("the type of an answer to a hello", type);
              };
          in.end();
          return reply;
        });
  }

  public static byte[] encode(PeerMessage message) {
    return PeerMessageCodec.encode(message);
  }

  public static PeerMessage decodePeerMessage(byte[] payload) {
    return FieldReader.decode(
        payload,
        in -> {
          PeerMessage message = PeerMessageCodec.decode(in);
          in.end();
          return message;
        });
  }

  private static void expect(int type, int wanted, String what) {
    if (type != wanted) {
      throw Protocol.violation(
              "The peer sent a message of type %d where %s has to come".formatted(type, what))
          .asException();
    }
  }
}
