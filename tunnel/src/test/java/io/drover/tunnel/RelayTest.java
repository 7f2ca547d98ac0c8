package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteRate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two relays between real unix sockets, over real TLS on loopback. */
class RelayTest {
  private static final Duration LINGER = Duration.ofMillis(500);
  @TempDir Path folder;
  private SocketChannel source; // what the source's hypervisor holds
  private SocketChannel target;
  private TlsChannel sourceLink;
  private TlsChannel targetLink;
  private Relay sourceRelay;
  private Relay targetRelay;
  private FutureTask<RelayEnd> sourceEnd = task(() -> new RelayEnd.Clean());
  private FutureTask<RelayEnd> targetEnd = task(() -> new RelayEnd.Clean());
  private final List<SocketChannel> sockets = new ArrayList<>();

  @BeforeEach
  void connect() throws Exception {
    TestFleet fleet = new TestFleet(folder);
    TlsChannel[] link = RelayBench.tlsPair(fleet.host("alpha"), fleet.host("beta"), true);
    sourceLink = link[0];
    targetLink = link[1];
    SocketChannel[] atSource = TunnelWarmup.pair(folder);
    SocketChannel[] atTarget = TunnelWarmup.pair(folder);
    sockets.addAll(List.of(atSource[0], atSource[1], atTarget[0], atTarget[1]));
    source = atSource[0];
    target = atTarget[0];
    sourceRelay = new Relay("source", atSource[1], sourceLink, options());
    targetRelay = new Relay("target", atTarget[1], targetLink, options());
  }

  private static Relay.Options options() {
    return Relay.Options.plain().withLinger(LINGER);
  }

  private void start() {
    sourceEnd = task(sourceRelay::run);
    targetEnd = task(targetRelay::run);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    sourceRelay.close();
    targetRelay.close();
    for (SocketChannel socket : sockets) {
      socket.close();
    }
    sourceEnd.get(10, TimeUnit.SECONDS);
    targetEnd.get(10, TimeUnit.SECONDS);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("relay-"));
  }

  private static <T> FutureTask<T> task(Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofPlatform().daemon().start(task);
    return task;
  }

  @Test
  void everyByteArrivesInOrderBothWaysWhateverTheSizesOfItsPieces() throws Exception {
    assertIntegrity();
  }

  private void assertIntegrity() throws Exception {
    start();
    long bytes = 400L << 20; // several changes of keys on the way: see TestFleet
    FutureTask<String> forward = task(() -> sendRandom(source, 1, bytes));
    FutureTask<String> back = task(() -> sendRandom(target, 2, bytes / 8));
    FutureTask<String> atTarget = task(() -> receiveAll(target, 3));
    FutureTask<String> atSource = task(() -> receiveAll(source, 4));
    assertThat(atTarget.get()).isEqualTo(forward.get());
    assertThat(atSource.get()).isEqualTo(back.get());
    assertThat(sourceEnd.get()).isEqualTo(new RelayEnd.Clean());
    assertThat(targetEnd.get()).isEqualTo(new RelayEnd.Clean());
    assertThat(sourceRelay.progress().bytesOut()).isEqualTo(bytes);
    assertThat(sourceRelay.progress().bytesIn()).isEqualTo(bytes / 8);
    assertThat(targetRelay.progress().bytesIn()).isEqualTo(bytes);
  }

  @Test
  void oneByteIsForwardedAtOnce() throws Exception {
    start();
    for (byte i = 0; i < 50; i++) {
      source.write(ByteBuffer.wrap(new byte[] {i}));
      assertThat(readOne(target)).isEqualTo(i);
      target.write(ByteBuffer.wrap(new byte[] {i}));
      assertThat(readOne(source)).isEqualTo(i);
    }
  }

  @Test
  void anEndOfOneDirectionLeavesTheOtherOpenWhileItMoves() throws Exception {
    start();
    source.shutdownOutput();
    assertThat(readOne(target)).isEqualTo(-1);
    for (byte i = 0; i < 6; i++) {
      Thread.sleep(LINGER.toMillis() / 3);
      target.write(ByteBuffer.wrap(new byte[] {i}));
      assertThat(readOne(source)).isEqualTo(i);
    }
    target.shutdownOutput();
    assertThat(readOne(source)).isEqualTo(-1);
    assertThat(sourceEnd.get()).isEqualTo(new RelayEnd.Clean());
    assertThat(targetEnd.get()).isEqualTo(new RelayEnd.Clean());
  }

  @Test
  void anEndOfTheReturnPathLeavesTheForwardPathOpenWhileItMoves() throws Exception {
    start();
    target.shutdownOutput();
    assertThat(readOne(source)).isEqualTo(-1);
    source.write(ByteBuffer.wrap(new byte[] {9}));
    assertThat(readOne(target)).isEqualTo(9);
    source.shutdownOutput();
    assertThat(readOne(target)).isEqualTo(-1);
    assertThat(sourceEnd.get()).isEqualTo(new RelayEnd.Clean());
    assertThat(targetEnd.get()).isEqualTo(new RelayEnd.Clean());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theHypervisorSeesAnEndOnlyAfterItHasBeenPreparedFor(boolean broken) throws Exception {
    CountDownLatch prepared = new CountDownLatch(1);
    List<Boolean> told = new CopyOnWriteArrayList<>();
    targetRelay =
        new Relay(
            "target",
            sockets.getLast(),
            targetLink,
            options()
                .withBeforeEnd(
                    how -> {
                      told.add(how);
                      try {
                        prepared.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                    }));
    start();
    source.write(ByteBuffer.wrap(new byte[] {1}));
    assertThat(readOne(target)).isEqualTo(1);
    FutureTask<Integer> end = task(() -> readOne(target));
    if (broken) {
      sourceRelay.breakOff("cut");
    } else {
      source.shutdownOutput();
    }
    assertThatThrownBy(() -> end.get(LINGER.toMillis() / 2, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    assertThat(told).containsExactly(broken);
    prepared.countDown();
    assertThat(end.get()).isEqualTo(-1);
  }

  @Test
  void aHypervisorThatDiesClosesTheOthersSocketInBothDirections() throws Exception {
    start();
    source.write(ByteBuffer.wrap(new byte[] {1}));
    assertThat(readOne(target)).isEqualTo(1);
    target.close(); // and the source's hypervisor waits, without writing
    assertThat(readOne(source)).isEqualTo(-1);
    assertThat(sourceEnd.get()).isInstanceOf(RelayEnd.Broken.class);
    assertThat(targetEnd.get()).isInstanceOf(RelayEnd.Broken.class);
    assertWriteFails(source);
  }

  @Test
  void aCutLinkClosesBothDirectionsOfBothLegs() throws Exception {
    start();
    source.write(ByteBuffer.wrap(new byte[] {1}));
    assertThat(readOne(target)).isEqualTo(1);
    sourceLink.close(); // as a reset would; the other end sees a reset or an end without a word
    assertThat(readOne(source)).isEqualTo(-1);
    assertThat(readOne(target)).isEqualTo(-1);
    assertThat(sourceEnd.get()).isInstanceOf(RelayEnd.Broken.class);
    assertThat(targetEnd.get())
        .isIn(
            new RelayEnd.Broken("the connection ended without a close_notify"),
            new RelayEnd.Broken("Connection reset"));
    assertWriteFails(source);
    assertWriteFails(target);
  }

  @Test
  void breakingOffFromOutsideReturnsEvenWhileABulkWaitsForItsTurn() throws Exception {
    Throttle slow = new Throttle(Optional.of(new ByteRate(10)));
    slow.spendUrgently(1_000_000);
    sourceRelay =
        new Relay(
            "source", sockets.get(1), sourceLink, options().withThrottle(slow, Relay.Urgency.BULK));
    start();
    source.write(ByteBuffer.wrap(new byte[100]));
    Thread.sleep(50);
    sourceRelay.breakOff("cancelled");
    assertThat(sourceEnd.get(10, TimeUnit.SECONDS)).isEqualTo(new RelayEnd.Broken("cancelled"));
    assertThat(targetEnd.get(10, TimeUnit.SECONDS)).isInstanceOf(RelayEnd.Broken.class);
  }

  @Test
  void urgentBytesPassWhileBulkWaits() throws Exception {
    Throttle slow = new Throttle(Optional.of(new ByteRate(10)));
    slow.spendUrgently(1_000_000);
    sourceRelay =
        new Relay(
            "source",
            sockets.get(1),
            sourceLink,
            options().withThrottle(slow, Relay.Urgency.URGENT));
    start();
    source.write(ByteBuffer.wrap(new byte[] {7}));
    assertThat(readOne(target)).isEqualTo(7);
  }

  @Test
  void aPeerThatStopsReadingStopsTheSourceWithBoundedMemory() throws Exception {
    start();
    source.configureBlocking(false);
    ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
    long taken = 0;
    int idle = 0;
    while (idle < 20) { // nothing is read at the target
      int count = source.write(chunk.clear());
      taken += count;
      if (count == 0) {
        idle++;
        Thread.sleep(20);
      } else {
        idle = 0;
      }
    }
    // Kernel buffers of two unix sockets and one TCP connection, and the relays' own.
    assertThat(taken).isLessThan(24L << 20);
    sourceRelay.breakOff("watchdog");
    assertThat(sourceEnd.get(10, TimeUnit.SECONDS)).isEqualTo(new RelayEnd.Broken("watchdog"));
  }

  @Test
  void tapsSeeWhatPasses() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream in = new ByteArrayOutputStream();
    sourceRelay =
        new Relay(
            "source",
            sockets.get(1),
            sourceLink,
            options().withOutwardTap(out::write).withInwardTap(in::write));
    start();
    FutureTask<String> forward = task(() -> sendRandom(source, 1, 3_000_000));
    FutureTask<String> back = task(() -> sendRandom(target, 2, 1_000_000));
    FutureTask<String> atTarget = task(() -> receiveAll(target, 3));
    FutureTask<String> atSource = task(() -> receiveAll(source, 4));
    atTarget.get();
    atSource.get();
    sourceEnd.get();
    assertThat(hex(out.toByteArray())).isEqualTo(forward.get());
    assertThat(hex(in.toByteArray())).isEqualTo(back.get());
  }

  @Test
  void additionsReachTheHypervisorBetweenThePiecesOfThePeer() throws Exception {
    Queue<byte[]> more = new ConcurrentLinkedQueue<>();
    sourceRelay =
        new Relay(
            "source",
            sockets.get(1),
            sourceLink,
            options().withAdditions(() -> more.isEmpty() ? new byte[0] : more.remove()));
    start();
    more.add(bytes("added"));
    sourceRelay.sendAdditions();
    assertThat(read(source, 5)).isEqualTo("added");
    more.add(bytes("again"));
    target.write(ByteBuffer.wrap(bytes("peer")));
    assertThat(read(source, 9)).isEqualTo("peeragain");
  }

  @Test
  void whatAHypervisorThatMayLeaveDoesNotHearAnyMoreIsDropped() throws Exception {
    targetRelay =
        new Relay("target", sockets.get(3), targetLink, options().withHypervisorThatMayLeave());
    start();
    source.write(ByteBuffer.wrap(bytes("heard")));
    assertThat(read(target, 5)).isEqualTo("heard");
    target.close();
    source.write(ByteBuffer.wrap(bytes("dropped")));
    assertThat(read(source, 1)).isEqualTo("\0"); // nothing came back but the end
    source.write(ByteBuffer.wrap(bytes("dropped, too")));
    source.shutdownOutput();
    assertThat(sourceEnd.get()).isInstanceOf(RelayEnd.Clean.class);
    assertThat(targetEnd.get()).isInstanceOf(RelayEnd.Clean.class);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String read(SocketChannel from, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining() && from.read(buffer) >= 0) {
      // until all of it is there
    }
    return new String(buffer.array(), StandardCharsets.US_ASCII);
  }

  @Test
  void aTapThatFailsBreaksTheRelay() throws Exception {
    sourceRelay =
        new Relay(
            "source",
            sockets.get(1),
            sourceLink,
            options()
                .withOutwardTap(
                    (_, _, _) -> {
                      throw new IllegalStateException("tap");
                    }));
    start();
    source.write(ByteBuffer.wrap(new byte[100]));
    assertThat(sourceEnd.get()).isEqualTo(new RelayEnd.Broken("tap"));
  }

  /** Writes until nothing is taken any more for a while; answers what was. */
  private static byte[] fill(SocketChannel socket) throws Exception {
    byte[] bytes = new byte[64 << 20];
    new Random(7).nextBytes(bytes);
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    socket.configureBlocking(false);
    long stoodStillSince = System.nanoTime();
    while (System.nanoTime() - stoodStillSince < 300_000_000) {
      if (socket.write(rest) > 0) {
        stoodStillSince = System.nanoTime();
      }
      Thread.sleep(1);
    }
    socket.configureBlocking(true);
    return Arrays.copyOf(bytes, rest.position());
  }

  private Relay listening(ByteArrayOutputStream seen, BooleanSupplier wanted) {
    return new Relay(
        "source",
        sockets.get(1),
        sourceLink,
        options()
            .withOutwardTap(
                (bytes, offset, length) -> {
                  synchronized (seen) {
                    seen.write(bytes, offset, length);
                  }
                })
            .withSalvage(wanted));
  }

  @Test
  void theLastWordsToAPeerThatStandsStillAndIsGoneReachTheTap() throws Exception {
    ByteArrayOutputStream seen = new ByteArrayOutputStream();
    AtomicLong said = new AtomicLong(Long.MAX_VALUE);
    sourceRelay = listening(seen, () -> seen.size() < said.get());
    start();
    byte[] sent = fill(source);
    byte[] lastWords = new byte[300_000];
    new Random(8).nextBytes(lastWords);
    said.set(sent.length + lastWords.length);
    FutureTask<Integer> speaking = task(() -> source.write(ByteBuffer.wrap(lastWords)));

    targetRelay.close();

    assertThat(speaking.get(10, TimeUnit.SECONDS)).isEqualTo(lastWords.length);
    assertThat(sourceEnd.get(10, TimeUnit.SECONDS)).isInstanceOf(RelayEnd.Broken.class);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(sent);
    all.writeBytes(lastWords);
    assertThat(seen.toByteArray()).isEqualTo(all.toByteArray());
    assertThat(readOne(source)).isEqualTo(-1);
  }

  @Test
  void aHypervisorThatSaysNothingOfUseIsToldSoonThatThePeerIsGone() throws Exception {
    ByteArrayOutputStream seen = new ByteArrayOutputStream();
    sourceRelay = listening(seen, () -> true);
    start();
    byte[] sent = fill(source);
    FutureTask<Integer> speaking =
        task(
            () -> {
              while (true) {
                source.write(ByteBuffer.wrap(new byte[1 << 20]));
              }
            });

    targetRelay.close();

    assertThat(sourceEnd.get(10, TimeUnit.SECONDS)).isInstanceOf(RelayEnd.Broken.class);
    assertThatThrownBy(() -> speaking.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IOException.class);
    assertThat(seen.size()).isLessThan(sent.length + (8 << 20));
  }

  @Test
  void aHypervisorThatIsSilentIsToldAsWell() throws Exception {
    sourceRelay = listening(new ByteArrayOutputStream(), () -> true);
    start();
    oneByteArrives();

    targetRelay.close();

    assertThat(sourceEnd.get(10, TimeUnit.SECONDS)).isInstanceOf(RelayEnd.Broken.class);
    assertThat(readOne(source)).isEqualTo(-1);
  }

  private void oneByteArrives() throws Exception {
    source.write(ByteBuffer.wrap(new byte[] {1}));
    assertThat(readOne(target)).isEqualTo(1);
  }

  @Test
  void theLimitInFlightBoundsWhatTheKernelTakes() throws Exception {
    sourceRelay.limitInFlight(64 << 10);
    assertIntegrity();
    assertThat(Relay.inFlightFor(new ByteRate(125_000_000), Duration.ofMillis(10)))
        .isEqualTo(2_500_000);
    assertThat(Relay.inFlightFor(new ByteRate(1_250_000), Duration.ofMillis(1)))
        .isEqualTo(256 << 10);
  }

  @Test
  void theBuffersOfAChannelStayWithinTheirLimit() {
    // Two directions of plain and sealed bytes.
    assertThat(4 * (Relay.BUFFER_BYTES + (16 << 10))).isLessThanOrEqualTo(1 << 20);
  }

  private static void assertWriteFails(SocketChannel socket) throws InterruptedException {
    try {
      for (int i = 0; i < 100; i++) {
        socket.write(ByteBuffer.allocate(1000));
        Thread.sleep(10);
      }
    } catch (IOException e) {
      return;
    }
    throw new AssertionError("the socket is still open");
  }

  private static int readOne(SocketChannel from) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    return from.read(one) < 0 ? -1 : one.get(0);
  }

  private static String sendRandom(SocketChannel to, long seed, long bytes) throws Exception {
    Random random = new Random(seed);
    byte[] noise = new byte[1 << 20];
    random.nextBytes(noise);
    MessageDigest digest = digest();
    for (long left = bytes; left > 0; ) {
      int most = random.nextInt(4) == 0 ? 50 : 300_000;
      int length = (int) Math.min(left, 1 + random.nextInt(most));
      int offset = random.nextInt(noise.length - length);
      digest.update(noise, offset, length);
      ByteBuffer piece = ByteBuffer.wrap(noise, offset, length);
      while (piece.hasRemaining()) {
        to.write(piece);
      }
      left -= length;
    }
    to.shutdownOutput();
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String receiveAll(SocketChannel from, long seed) throws Exception {
    Random random = new Random(seed);
    MessageDigest digest = digest();
    ByteBuffer buffer = ByteBuffer.allocate(200_000);
    while (from.read(buffer.clear().limit(1 + random.nextInt(buffer.capacity()))) >= 0) {
      digest.update(buffer.flip());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String hex(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(digest().digest(bytes));
  }

  private static MessageDigest digest() throws Exception {
    return MessageDigest.getInstance("SHA-256");
  }
}
