package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.model.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Foreign bytes at either end: the connection ends, and that is all. */
class NbdFuzzTest {
  private static final NbdLimits LIMITS = new NbdLimits(4, Duration.ofSeconds(30));
  private static final NbdLimits IMPATIENT = new NbdLimits(4, Duration.ofMillis(100));
  private static final int SIZE = 1 << 16;
  private static final int PATIENCE_MILLIS = 20;

  /** Says what it has to; beyond each of some places only when one more request has been sent. */
  private static final class Talker implements ReadableByteChannel {
    private final ByteBuffer bytes;
    private final int[] places;
    private int requests;
    private boolean open = true;

    Talker(byte[] bytes, int... places) {
      this.bytes = ByteBuffer.wrap(bytes);
      this.places = places;
    }

    synchronized void requested() {
      requests++;
      notifyAll();
    }

    @Override
    public synchronized int read(ByteBuffer target) throws IOException {
      while (open && bytes.position() >= free() && bytes.hasRemaining()) {
        try {
          int before = requests;
          wait(PATIENCE_MILLIS);
          if (requests == before) {
            requests++; // the other end may well wait for us
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException();
        }
      }
      int count = Math.min(target.remaining(), free() - bytes.position());
      if (!open || count <= 0) {
        return -1;
      }
      target.put(bytes.slice(bytes.position(), count));
      bytes.position(bytes.position() + count);
      return count;
    }

    private int free() {
      return requests < places.length ? Math.min(places[requests], bytes.limit()) : bytes.limit();
    }

    @Override
    public synchronized boolean isOpen() {
      return open;
    }

    @Override
    public synchronized void close() {
      open = false;
      notifyAll();
    }
  }

  /** Swallows everything, and says when it was a request. */
  private record Sink(Runnable request) implements GatheringByteChannel {
    @Override
    public long write(ByteBuffer[] parts, int offset, int length) {
      long count = 0;
      for (int i = offset; i < offset + length; i++) {
        count += write(parts[i]);
      }
      return count;
    }

    @Override
    public long write(ByteBuffer[] parts) {
      return write(parts, 0, parts.length);
    }

    @Override
    public int write(ByteBuffer part) {
      int count = part.remaining();
      if (count == Request.BYTES && part.getInt(part.position()) == Nbd.REQUEST_MAGIC) {
        request.run();
      }
      part.position(part.limit());
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  private static Connection saying(byte[] bytes, int... places) {
    Talker talker = new Talker(bytes, places);
    return new Connection(talker, new Sink(talker::requested));
  }

  private static void serve(byte[] bytes) {
    NbdEnd end =
        new NbdServer("disk0", new MemoryDevice(SIZE), LIMITS, MemoryBudget.boundless())
            .serve(saying(bytes));
    assertThat(end).isNotNull();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] option(int option, byte... data) {
    return ByteBuffer.allocate(16 + data.length)
        .putLong(Nbd.OPTION_MAGIC)
        .putInt(option)
        .putInt(data.length)
        .put(data)
        .array();
  }

  private static final byte[] CLIENT_HEAD =
      join(
          new byte[] {0, 0, 0, 3},
          option(3),
          option(8),
          option(9, RawClient.contexts("disk0", "base:")),
          option(10, RawClient.contexts("disk0", "base:allocation")),
          option(6, RawClient.exportChoice("disk0", 1, 3)),
          option(7, RawClient.exportChoice("disk0", 3)));

  private static byte[] client() {
    return join(
        CLIENT_HEAD,
        request(0, 1, 1, 4096, 300),
        new byte[300],
        request(4, 0, 2, 0, 5000),
        request(16, 6, 3, 0, 5000),
        request(1, 4, 4, 100, 5000),
        request(8, 7, 5, 100, 5000),
        request(0, 3, 6, 0, 0),
        request(0, 2, 7, 0, 0));
  }

  /** What a server says to a client that then reads twice. */
  private static final byte[][] SERVER = {
    serverHead(),
    join(
        chunk(0, 1, 1, ByteBuffer.allocate(12).putLong(0).putInt(7)),
        chunk(1, 2, 1, ByteBuffer.allocate(12).putLong(4).putInt(96))),
    chunk(1, 0x8001, 2, ByteBuffer.allocate(8).putInt(5).putShort((short) 2)),
    chunk(1, 5, 3, ByteBuffer.allocate(12).putInt(1).putInt(100).putInt(3)),
  };

  private static byte[] serverHead() {
    return join(
        ByteBuffer.allocate(18)
            .putLong(Nbd.GREETING)
            .putLong(Nbd.OPTION_MAGIC)
            .putShort((short) 3)
            .array(),
        optionReply(8, 1),
        optionReply(
            10,
            4,
            join(new byte[] {0, 0, 0, 1}, "base:allocation".getBytes(StandardCharsets.US_ASCII))),
        optionReply(10, 1),
        optionReply(
            7,
            3,
            ByteBuffer.allocate(12)
                .putShort((short) 0)
                .putLong(SIZE)
                .putShort((short) 0x6d)
                .array()),
        optionReply(7, 1));
  }

  private static byte[] optionReply(int option, int type, byte... data) {
    return ByteBuffer.allocate(20 + data.length)
        .putLong(Nbd.OPTION_REPLY_MAGIC)
        .putInt(option)
        .putInt(type)
        .putInt(data.length)
        .put(data)
        .array();
  }

  private static byte[] chunk(int flags, int type, long cookie, ByteBuffer data) {
    return ByteBuffer.allocate(20 + data.capacity())
        .putInt(Nbd.CHUNK_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putInt(data.capacity())
        .put(data.rewind())
        .array();
  }

  private static byte[] request(int flags, int type, long cookie, long offset, int length) {
    byte[] bytes = new byte[Request.BYTES];
    RawClient.request(flags, type, cookie, offset, length).flip().get(bytes);
    return bytes;
  }

  /** How many of three requests were answered. */
  private static int ask(byte[] answers, int... places) {
    int answered = 0;
    try (NbdClient client = NbdClient.over("fuzz", saying(answers, places), "disk0", IMPATIENT)) {
      client.read(0, ByteBuffer.allocate(100));
      answered++;
      try {
        client.read(0, ByteBuffer.allocate(100));
      } catch (NbdErrorException told) {
        answered++;
      }
      answered += client.allocation(0, 1000).size();
    } catch (IOException | IllegalArgumentException expected) {
      // A lie about the export's size may make our own questions foolish.
    }
    return answered;
  }

  @Test
  void mutatedClientsEndTheirConnectionOnly() {
    serve(client());
    Random random = new Random(11);
    for (int i = 0; i < 3000; i++) {
      serve(mutated(client(), random));
    }
  }

  @Test
  void mutatedServersEndTheirConnectionOnly() {
    int[] places = new int[SERVER.length];
    int end = 0;
    for (int i = 0; i < places.length; i++) {
      end += SERVER[i].length;
      places[i] = end;
    }
    assertThat(ask(join(SERVER), places)).isEqualTo(3);
    Random random = new Random(12);
    for (int i = 0; i < 500; i++) {
      int answered = ask(mutated(join(SERVER), random), places);
      assertThat(answered).isLessThanOrEqualTo(3);
    }
  }

  private static byte[] mutated(byte[] bytes, Random random) {
    for (int change = random.nextInt(4); change >= 0; change--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    return bytes;
  }

  @FuzzTest(maxDuration = "10s")
  void foreignClientsEndTheirConnectionOnly(byte[] bytes) {
    serve(bytes);
    serve(join(CLIENT_HEAD, bytes));
  }

  @FuzzTest(maxDuration = "10s")
  void foreignServersEndTheirConnectionOnly(byte[] bytes) {
    int alone = ask(bytes);
    int afterHandshake = ask(join(serverHead(), bytes), serverHead().length);
    assertThat(alone + afterHandshake).isNotNegative();
  }
}
