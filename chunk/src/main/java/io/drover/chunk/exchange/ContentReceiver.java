package io.drover.chunk.exchange;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The side that wants the stream, and gets it byte for byte. One thread gives it what comes from
 * the peer and waits while the stream's taker does; another gives it what is carried back.
 */
public final class ContentReceiver {
  /** Batches whose chunks can be named again without a look at what is held. */
  private static final int REMEMBERED = 32;

  private final Grain grain;
  private final ChunkNamer namer;
  private final Held held;
  private final ByteSink toPeer;
  private final ByteSink stream;
  private final MessageReader messages;
  // Those that lack chunks, or lie behind such, oldest first.
  private final Deque<Batch> waiting = new ArrayDeque<>();
  private final Deque<Batch> remembered = new ArrayDeque<>();
  private final Map<ChunkName, Place> places = new HashMap<>();
  private final AtomicLong named = new AtomicLong();
  private final AtomicLong packedBytes = new AtomicLong();
  private final AtomicLong arrived = new AtomicLong();

  /** Where a chunk of late is, or will be. */
  private record Place(Batch batch, int index) {}

  private static final class Batch {
    private final ChunkName[] names;
    private final int[] literalsBefore;
    private final byte[] literals;
    private final byte[] bodies;
    private final @Nullable Place[] copies;
    private final boolean[] wanted;
    private int missing;

    Batch(int chunks, int grainBytes, int literalBytes) {
      names = new ChunkName[chunks];
      literalsBefore = new int[chunks + 1];
      literals = new byte[literalBytes];
      bodies = new byte[chunks * grainBytes];
      copies = new Place[chunks];
      wanted = new boolean[chunks];
    }
  }

  /**
   * Nothing has come yet.
   *
   * @param toPeer takes whole messages, from either thread
   * @param stream takes the stream
   */
  public ContentReceiver(Grain grain, Held held, ByteSink toPeer, ByteSink stream) {
    this.grain = grain;
    this.namer = new ChunkNamer(grain);
    this.held = held;
    this.toPeer = toPeer;
    this.stream = stream;
    this.messages =
        new MessageReader(
            EnumSet.of(Message.BATCH, Message.CHUNKS, Message.PACKED_CHUNKS),
            grain.bytes(),
            this::message);
  }

  /** Takes what comes from the peer, in pieces of any size. */
  public void fromPeer(byte[] bytes, int offset, int length) throws IOException {
    messages.read(bytes, offset, length);
  }

  /** The peer has ended; throws if something is still missing. */
  public void peerEnded() throws IOException {
    if (messages.isInside() || !waiting.isEmpty()) {
      throw new IOException("the peer ended before all that it had announced came");
    }
  }

  /** Sends bytes the other way. */
  public void back(byte[] bytes, int offset, int length) throws IOException {
    int at = offset;
    int left = length;
    while (left > 0) {
      int taken = Math.min(left, ExchangeLimits.BACK_BYTES);
      byte[] message = new byte[Message.HEAD_BYTES + taken];
      Message.BACK.head(message, taken);
      System.arraycopy(bytes, at, message, Message.HEAD_BYTES, taken);
      toPeer.write(message, 0, message.length);
      at += taken;
      left -= taken;
    }
  }

  /** Nothing more goes the other way. */
  public void backEnded() throws IOException {
    byte[] message = new byte[Message.HEAD_BYTES];
    Message.BACK_END.head(message, 0);
    toPeer.write(message, 0, message.length);
  }

  private void message(Message message, ByteBuffer payload) throws IOException {
    switch (message) {
      case BATCH -> batch(payload);
      case CHUNKS -> chunks(payload);
      case PACKED_CHUNKS -> chunks(unpacked(payload));
      case WANT, BACK, BACK_END, BYTES, PACKED_BYTES ->
          throw new IllegalStateException(message + " was not expected");
    }
    give();
  }

  private void batch(ByteBuffer payload) throws IOException {
    if (waiting.size() >= ExchangeLimits.BATCHES) {
      throw new IOException("the peer announced more than it may at once");
    }
    Batch batch = parse(payload);
    int chunks = batch.names.length;
    long _ = named.addAndGet(chunks);
    if (chunks > 0) {
      for (int i = 0; i < chunks; i++) {
        find(batch, i);
      }
      answer(batch);
      remember(batch);
    }
    waiting.addLast(batch);
  }

  private Batch parse(ByteBuffer payload) throws IOException {
    int chunks = payload.remaining() >= 2 ? Short.toUnsignedInt(payload.getShort()) : -1;
    int fixed = chunks * (Integer.BYTES + ChunkName.BYTES) + Integer.BYTES;
    int literalBytes = payload.remaining() - fixed;
    if (chunks < 0
        || chunks > ExchangeLimits.CHUNKS
        || literalBytes < 0
        || literalBytes > ExchangeLimits.LITERAL_BYTES) {
      throw malformed();
    }
    Batch batch = new Batch(chunks, grain.bytes(), literalBytes);
    long literals = 0;
    for (int i = 0; i <= chunks; i++) {
      int length = payload.getInt();
      literals += length;
      if (length < 0 || literals > literalBytes) {
        throw malformed();
      }
      batch.literalsBefore[i] = length;
      if (i < chunks) {
        batch.names[i] =
            ChunkName.read(payload.array(), payload.arrayOffset() + payload.position());
        payload.position(payload.position() + ChunkName.BYTES);
      }
    }
    if (literals != literalBytes) {
      throw malformed();
    }
    payload.get(batch.literals);
    return batch;
  }

  private static IOException malformed() {
    return new IOException("the peer sent a batch that contradicts itself");
  }

  private void find(Batch batch, int index) {
    ChunkName name = batch.names[index];
    Place place = places.get(name);
    if (place != null) {
      batch.copies[index] = place;
      return;
    }
    if (!held.lookup(name, batch.bodies, index * grain.bytes())) {
      batch.wanted[index] = true;
      batch.missing++;
    }
    places.put(name, new Place(batch, index));
  }

  private void answer(Batch batch) throws IOException {
    int length = (batch.names.length + 7) / 8;
    byte[] message = new byte[Message.HEAD_BYTES + length];
    Message.WANT.head(message, length);
    for (int i = 0; i < batch.names.length; i++) {
      if (batch.wanted[i]) {
        message[Message.HEAD_BYTES + i / 8] |= (byte) (1 << i % 8);
      }
    }
    toPeer.write(message, 0, message.length);
  }

  private void remember(Batch batch) {
    remembered.addLast(batch);
    if (remembered.size() > REMEMBERED) {
      Batch oldest = remembered.removeFirst();
      for (int i = 0; i < oldest.names.length; i++) {
        if (oldest.copies[i] == null) {
          places.remove(oldest.names[i]);
        }
      }
    }
  }

  /** The oldest batch that lacks chunks. */
  private Batch lacking() throws IOException {
    return waiting.stream()
        .filter(each -> each.missing > 0)
        .findFirst()
        .orElseThrow(() -> new IOException("the peer sent chunks that nobody wanted"));
  }

  /** How long it may become is known: it never takes more memory than that. */
  private ByteBuffer unpacked(ByteBuffer packed) throws IOException {
    byte[] chunks = new byte[lacking().missing * grain.bytes()];
    try {
      long length =
          Zstd.decompressByteArray(
              chunks,
              0,
              chunks.length,
              packed.array(),
              packed.arrayOffset() + packed.position(),
              packed.remaining());
      if (length != chunks.length) {
        throw new IOException("the peer sent chunks that, unpacked, are too few");
      }
    } catch (ZstdException e) {
      throw new IOException("the peer sent chunks that cannot be unpacked", e);
    }
    long _ = packedBytes.addAndGet(chunks.length - packed.remaining());
    return ByteBuffer.wrap(chunks);
  }

  private void chunks(ByteBuffer payload) throws IOException {
    Batch batch = lacking();
    if (payload.remaining() != batch.missing * grain.bytes()) {
      throw new IOException("the peer sent other chunks than were wanted");
    }
    for (int i = 0; i < batch.names.length; i++) {
      if (batch.wanted[i]) {
        int at = i * grain.bytes();
        payload.get(batch.bodies, at, grain.bytes());
        if (!namer.name(batch.bodies, at).equals(batch.names[i])) {
          throw new IOException("the peer sent a chunk under the name of another one");
        }
        held.arrived(batch.names[i], batch.bodies, at);
        long _ = arrived.incrementAndGet();
      }
    }
    batch.missing = 0;
  }

  /** Gives out what is whole, in order. */
  private void give() throws IOException {
    while (!waiting.isEmpty() && waiting.peekFirst().missing == 0) {
      Batch batch = waiting.removeFirst();
      int literal = 0;
      for (int i = 0; i < batch.names.length; i++) {
        literal = giveLiteral(batch, literal, i);
        Place copy = batch.copies[i];
        // Whoever was named before is whole by now.
        byte[] bodies = copy == null ? batch.bodies : copy.batch().bodies;
        stream.write(bodies, (copy == null ? i : copy.index()) * grain.bytes(), grain.bytes());
      }
      int _ = giveLiteral(batch, literal, batch.names.length);
    }
  }

  private int giveLiteral(Batch batch, int from, int index) throws IOException {
    int length = batch.literalsBefore[index];
    if (length > 0) {
      stream.write(batch.literals, from, length);
    }
    return from + length;
  }

  /** Lets go of all that was under way, when nothing comes any more; the numbers stay. */
  public void release() {
    waiting.clear();
    remembered.clear();
    places.clear();
  }

  public Saving saving() {
    return new Saving(named.get(), arrived.get(), packedBytes.get());
  }
}
