package io.drover.chunk.exchange;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The side that has the stream. One thread gives it the stream and waits while too many batches are
 * on their way; another gives it what comes from the peer, and never waits for the network; a third
 * one sends what the peer wants, in {@link #sendWanted}.
 *
 * <p>How many batches there are depends on the memory as well: beyond those that its share always
 * has room for, it has to do with fewer where others need theirs, and that costs round trips.
 */
public final class ContentSender implements AutoCloseable {
  private static final int MOST_BATCHES = ExchangeLimits.BATCHES / 2;
  // How much the newest answer weighs in what is expected of the next.
  private static final double NEWEST = 0.125;
  // Beside the bodies of a full batch: more than lies between pages, or before a write.
  private static final int LITERALS_BESIDE_BYTES = 4 << 10;

  private final Grain grain;
  private final MemoryBudget.Share memory;
  private final ChunkNamer namer;
  private final ByteSink toPeer;
  private final Back back;
  private final MessageReader messages;
  private final int window;
  private final ChunkWatch watch;
  private final Compression compression;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // Those without an answer, those whose wanted chunks are to be sent, both oldest first; and those
  // that can be filled again.
  private final Deque<Batch> announced = new ArrayDeque<>();
  private final Deque<Batch> wanted = new ArrayDeque<>();
  private final Deque<Batch> spare = new ArrayDeque<>();
  // All batches from the oldest on that the peer may not have given out yet, also those without
  // chunks: it gives out in order, so they wait for it.
  private final Deque<Turn> turns = new ArrayDeque<>();
  private int turnsLiteralBytes;
  private long takenBytes;
  private Optional<String> over = Optional.empty();
  private Optional<Batch> current = Optional.empty();
  private double wantedShare = 1;
  private final AtomicLong named = new AtomicLong();
  private final AtomicLong packedBytes = new AtomicLong();
  private final AtomicLong wantedChunks = new AtomicLong();

  /** A batch's place in the order. */
  private static final class Turn {
    private final int literalBytes;
    private boolean done;

    Turn(int literalBytes) {
      this.literalBytes = literalBytes;
    }
  }

  /** Chunks and what lies between them. */
  private final class Batch {
    // Literals from its beginning on, chunks from its end: each may need most of it, not both.
    private final byte[] bytes = new byte[bufferBytes(grain)];
    private final ChunkName[] names = new ChunkName[ExchangeLimits.CHUNKS];
    private final int[] literalsBefore = new int[ExchangeLimits.CHUNKS + 1];
    private int chunks;
    private int literalBytes;
    private int wantedBits;
    private Turn turn = new Turn(0);

    void clear() {
      chunks = 0;
      literalBytes = 0;
      literalsBefore[0] = 0;
    }

    private int room() {
      return bytes.length - literalBytes - chunks * grain.bytes();
    }

    int literalRoom() {
      return Math.min(room(), ExchangeLimits.LITERAL_BYTES - literalBytes);
    }

    boolean hasRoomForChunk() {
      return room() >= grain.bytes();
    }

    boolean isFull() {
      return chunks == ExchangeLimits.CHUNKS || literalRoom() == 0;
    }

    void literal(byte[] from, int offset, int length) {
      System.arraycopy(from, offset, bytes, literalBytes, length);
      literalBytes += length;
      literalsBefore[chunks] += length;
    }

    int bodyAt(int chunk) {
      return bytes.length - (chunk + 1) * grain.bytes();
    }

    void chunk(byte[] from, int offset) {
      int at = bodyAt(chunks);
      System.arraycopy(from, offset, bytes, at, grain.bytes());
      ChunkName name = namer.name(bytes, at);
      watch.named(name, bytes, at);
      names[chunks++] = name;
      literalsBefore[chunks] = 0;
    }

    boolean isEmpty() {
      return chunks == 0 && literalBytes == 0;
    }

    byte[] message() {
      int length = 2 + chunks * (Integer.BYTES + ChunkName.BYTES) + Integer.BYTES + literalBytes;
      byte[] message = new byte[Message.HEAD_BYTES + length];
      Message.BATCH.head(message, length);
      ByteBuffer out = ByteBuffer.wrap(message).position(Message.HEAD_BYTES);
      out.putShort((short) chunks);
      for (int i = 0; i < chunks; i++) {
        out.putInt(literalsBefore[i]);
        names[i].write(message, out.position());
        out.position(out.position() + ChunkName.BYTES);
      }
      out.putInt(literalsBefore[chunks]);
      out.put(bytes, 0, literalBytes);
      return message;
    }
  }

  /**
   * Nothing is sent yet.
   *
   * @param window how many batches may be on their way while the peer lacks all that they name;
   *     where it lacks little there are more, so that round trips idle nobody, and yet no more
   *     chunks queue than that
   * @param compression what the peer understands
   * @param memory for batches, of which {@link #batchBytes} each; for one at least it always has to
   *     have room
   * @param toPeer takes whole messages, from either thread
   * @param back where the bytes go that the peer sends besides
   */
  public ContentSender(
      Grain grain,
      int window,
      Compression compression,
      MemoryBudget.Share memory,
      ByteSink toPeer,
      Back back,
      ChunkWatch watch) {
    this.grain = grain;
    this.memory = memory;
    this.namer = new ChunkNamer(grain);
    this.window = Math.clamp(window, 1, MOST_BATCHES);
    this.watch = watch;
    this.compression = compression;
    this.toPeer = toPeer;
    this.back = back;
    this.messages =
        new MessageReader(
            EnumSet.of(Message.WANT, Message.BACK, Message.BACK_END), grain.bytes(), this::message);
  }

  /** What a batch takes of memory, with its names. */
  public static long batchBytes(Grain grain) {
    return bufferBytes(grain) + (4L << 10);
  }

  private static int bufferBytes(Grain grain) {
    return Math.max(
        ExchangeLimits.LITERAL_BYTES,
        ExchangeLimits.CHUNKS * grain.bytes() + LITERALS_BESIDE_BYTES);
  }

  /** Bytes that are sent as they are. */
  public void literal(byte[] bytes, int offset, int length) throws IOException {
    int at = offset;
    int left = length;
    while (left > 0) {
      Batch batch = current();
      int taken = Math.min(left, batch.literalRoom());
      batch.literal(bytes, at, taken);
      at += taken;
      left -= taken;
      if (batch.isFull()) {
        flush();
      }
    }
  }

  /** A whole chunk. */
  public void chunk(byte[] bytes, int offset) throws IOException {
    if (!current().hasRoomForChunk()) {
      flush();
    }
    Batch batch = current();
    batch.chunk(bytes, offset);
    if (batch.isFull()) {
      flush();
    }
  }

  /** A whole chunk that is sent as it is; only the watch learns its name. */
  public void watched(byte[] bytes, int offset) throws IOException {
    watch.named(namer.name(bytes, offset), bytes, offset);
    literal(bytes, offset, grain.bytes());
  }

  /** Sends what waits for its batch to be full. */
  public void flush() throws IOException {
    Optional<Batch> full = current.filter(batch -> !batch.isEmpty());
    if (full.isEmpty()) {
      return;
    }
    Batch batch = full.get();
    current = Optional.empty();
    byte[] message = batch.message();
    lock.lock();
    try {
      batch.turn = new Turn(batch.literalBytes);
      turns.addLast(batch.turn);
      turnsLiteralBytes += batch.literalBytes;
      if (batch.chunks == 0) {
        done(batch); // nothing is wanted of it
      } else {
        announced.addLast(batch);
      }
    } finally {
      lock.unlock();
    }
    toPeer.write(message, 0, message.length);
  }

  /** Sends what is left, and returns once everything that was wanted has been sent. */
  public void end() throws IOException {
    flush();
    lock.lock();
    try {
      await(() -> announced.isEmpty() && wanted.isEmpty());
    } finally {
      lock.unlock();
    }
  }

  /** Sends what the peer wants on a thread of its own, until the exchange is closed. */
  public void startSending(String thread) {
    Thread.ofPlatform()
        .daemon()
        .name(thread)
        .start(
            () -> {
              try {
                sendWanted();
              } catch (IOException e) {
                // Whoever ended it knows why; whoever announces is told.
                close(String.valueOf(e.getMessage()));
              }
            });
  }

  /** Sends what the peer wants, until the exchange is closed. */
  public void sendWanted() throws IOException {
    switch (compression) {
      case NONE -> sendWanted((chunks, length) -> write(Message.CHUNKS, chunks, length));
      case ZSTD, ZSTD_WHEN_IDLE_TOO -> {
        byte[] packed =
            new byte[Message.HEAD_BYTES + Packer.bound(ExchangeLimits.CHUNKS * grain.bytes())];
        try (Packer packer = new Packer(compression, System::nanoTime)) {
          sendWanted((chunks, length) -> pack(packer, chunks, length, packed));
        }
      }
    }
  }

  /** Takes a message's bytes, with room for its head before them. */
  private interface Chunks {
    void send(byte[] message, int length) throws IOException;
  }

  private void write(Message which, byte[] message, int length) throws IOException {
    which.head(message, length);
    toPeer.write(message, 0, Message.HEAD_BYTES + length);
  }

  private void pack(Packer packer, byte[] chunks, int length, byte[] packed) throws IOException {
    int shorter = packer.pack(chunks, Message.HEAD_BYTES, length, packed, Message.HEAD_BYTES);
    long began = System.nanoTime();
    if (shorter < length) {
      write(Message.PACKED_CHUNKS, packed, shorter);
      long _ = packedBytes.addAndGet(length - shorter);
    } else {
      write(Message.CHUNKS, chunks, length);
    }
    packer.waited(System.nanoTime() - began);
  }

  private void sendWanted(Chunks chunks) throws IOException {
    byte[] message = new byte[Message.HEAD_BYTES + ExchangeLimits.CHUNKS * grain.bytes()];
    while (true) {
      Batch batch = awaitWanted();
      int length = 0;
      for (int i = 0; i < batch.chunks; i++) {
        if ((batch.wantedBits & 1 << i) != 0) {
          System.arraycopy(
              batch.bytes, batch.bodyAt(i), message, Message.HEAD_BYTES + length, grain.bytes());
          length += grain.bytes();
        }
      }
      chunks.send(message, length);
      lock.lock();
      try {
        over();
        done(wanted.removeFirst());
      } finally {
        lock.unlock();
      }
    }
  }

  /** It stays in its queue while it is sent: what waits for the end waits for that too. */
  private Batch awaitWanted() throws IOException {
    lock.lock();
    try {
      await(() -> !wanted.isEmpty());
      return wanted.getFirst();
    } finally {
      lock.unlock();
    }
  }

  private Batch current() throws IOException {
    if (current.isEmpty()) {
      Batch batch = take();
      batch.clear();
      current = Optional.of(batch);
    }
    return current.get();
  }

  private Batch take() throws IOException {
    lock.lock();
    try {
      await(this::mayBegin);
      Batch kept = spare.pollFirst();
      return kept == null ? new Batch() : kept;
    } finally {
      lock.unlock();
    }
  }

  /**
   * If so, memory for another batch has been taken, unless there is one to be filled again. Where
   * none is to be had batches are on their way, and it is looked again when one of them is done.
   */
  private boolean mayBegin() {
    if (over.isPresent()
        || announced.size() + wanted.size() >= allowed()
        || turns.size() >= ExchangeLimits.BATCHES
        || turnsLiteralBytes + ExchangeLimits.LITERAL_BYTES > ExchangeLimits.LITERALS_AT_ONCE) {
      return false;
    }
    if (!spare.isEmpty()) {
      return true;
    }
    if (!memory.tryTake(batchBytes(grain))) {
      return false;
    }
    takenBytes += batchBytes(grain);
    return true;
  }

  /** Nothing of it is to be sent any more. Holding the lock. */
  private void done(Batch batch) {
    batch.turn.done = true;
    while (!turns.isEmpty() && turns.peekFirst().done) {
      turnsLiteralBytes -= turns.removeFirst().literalBytes;
    }
    spare.addLast(batch);
    // Memory that lies idle is others' use.
    boolean idle = announced.isEmpty() && wanted.isEmpty();
    while (!spare.isEmpty() && (memory.isTooLarge() || (idle && memory.isAboveLeast()))) {
      Batch _ = spare.removeLast();
      giveBack(batchBytes(grain));
    }
    changed.signalAll();
  }

  private void giveBack(long bytes) {
    // After the end it has all been given back.
    long back = Math.min(bytes, takenBytes);
    takenBytes -= back;
    memory.give(back);
  }

  private int allowed() {
    return (int) Math.min(MOST_BATCHES, window / Math.max(wantedShare, 1.0 / MOST_BATCHES));
  }

  /** Holding the lock. */
  private void await(BooleanSupplier condition) throws IOException {
    try {
      while (!condition.getAsBoolean()) {
        over();
        changed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void over() throws IOException {
    if (over.isPresent()) {
      throw new IOException(over.get());
    }
  }

  /** Takes what comes from the peer, in pieces of any size. */
  public void fromPeer(byte[] bytes, int offset, int length) throws IOException {
    messages.read(bytes, offset, length);
  }

  private void message(Message message, ByteBuffer payload) throws IOException {
    switch (message) {
      case WANT -> answer(payload);
      case BACK ->
          back.write(payload.array(), payload.arrayOffset() + payload.position(), payload.limit());
      case BACK_END -> back.end();
      case BATCH, CHUNKS, PACKED_CHUNKS, BYTES, PACKED_BYTES ->
          throw new IllegalStateException(message + " was not expected");
    }
  }

  private void answer(ByteBuffer bits) throws IOException {
    lock.lock();
    try {
      Batch batch = announced.peekFirst();
      if (batch == null || bits.limit() != (batch.chunks + 7) / 8) {
        throw new IOException("the peer answered what it was not asked");
      }
      batch.wantedBits = 0;
      for (int i = 0; i < batch.chunks; i++) {
        batch.wantedBits |= (bits.get(i / 8) >> i % 8 & 1) << i;
      }
      announced.removeFirst();
      int lacked = Integer.bitCount(batch.wantedBits);
      long _ = named.addAndGet(batch.chunks);
      long _ = wantedChunks.addAndGet(lacked);
      double share = lacked / (double) batch.chunks;
      wantedShare += NEWEST * (share - wantedShare);
      if (batch.wantedBits == 0) {
        done(batch);
      } else {
        wanted.addLast(batch);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  public Saving saving() {
    return new Saving(named.get(), wantedChunks.get(), packedBytes.get());
  }

  /** Nothing more comes from the peer: who waits for it is told. */
  public void close(String reason) {
    lock.lock();
    try {
      if (over.isEmpty()) {
        over = Optional.of(reason);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    close("closed");
  }

  /**
   * Lets go of all that was under way, of an exchange that is closed; the numbers stay. What its
   * threads have in hand goes as soon as they notice.
   */
  public void release() {
    lock.lock();
    try {
      announced.clear();
      wanted.clear();
      spare.clear();
      turns.clear();
      giveBack(takenBytes);
    } finally {
      lock.unlock();
    }
  }
}
