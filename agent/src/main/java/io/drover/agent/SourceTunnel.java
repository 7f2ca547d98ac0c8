package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.migration.MemoryRange;
import io.drover.migration.SourceChannels;
import io.drover.migration.SourceEvent;
import io.drover.migration.TransferAddress;
import io.drover.model.MemoryBudget;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.qemu.PageRequests;
import io.drover.qemu.StreamRecorder;
import io.drover.tunnel.Relay;
import io.drover.tunnel.Throttle;
import io.drover.tunnel.TlsChannel;
import io.drover.wire.PeerMessage;
import io.drover.wire.Purpose;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source's end of the tunnel: a unix socket that QEMU migrates to; each connection it opens
 * there becomes a channel to the target, in order.
 */
final class SourceTunnel implements SourceChannels {
  /** Opens a channel of this migration on the target's port. */
  interface Opener {
    TlsChannel open(Purpose.Channel purpose) throws IOException;
  }

  /** Plays what was kept of the switch to a new target. */
  interface Replayer {
    void play(byte[] kept, OutputStream toTarget, InputStream fromTarget);
  }

  private static final Logger LOG = LoggerFactory.getLogger(SourceTunnel.class);
  private static final Duration URGENT_PATIENCE = Duration.ofSeconds(5);
  private static final Duration SALVAGE_PATIENCE = Duration.ofSeconds(2);

  private final MigrationId migration;
  private final Path directory;
  private final ChannelNames names;
  private final Opener opener;
  private final Replayer replayer;
  private final Throttle throttle;
  private final ChannelRelays relays;
  private final ReentrantLock lock = new ReentrantLock();
  private final StreamRecorder recorder;
  private final MemoryByContent content;
  private final long memoryBytes;
  private volatile OptionalInt inFlightBytes = OptionalInt.empty();
  private volatile int readAheadBytes;
  private Optional<ServerSocketChannel> listener = Optional.empty();
  private volatile Consumer<PageRequests> first = _ -> {};
  private volatile Optional<PageRequests> requests = Optional.empty();
  private volatile Optional<Relay> main = Optional.empty();
  private volatile boolean switching;
  private volatile CountDownLatch urgentDone = new CountDownLatch(0);
  private int sockets;
  private boolean recorded;

  SourceTunnel(
      MigrationId migration,
      Path directory,
      ChannelNames names,
      long memoryBytes,
      MemoryByContent content,
      MemoryBudget.Share replayMemory,
      Opener opener,
      Replayer replayer,
      Throttle throttle,
      Consumer<SourceEvent> events) {
    this.migration = migration;
    this.directory = directory;
    this.names = names;
    this.memoryBytes = memoryBytes;
    this.content = content;
    this.opener = opener;
    this.replayer = replayer;
    this.throttle = throttle;
    this.recorder =
        new StreamRecorder(
            range -> requests.ifPresent(asked -> asked.dropped(range)), replayMemory);
    this.relays =
        new ChannelRelays(
            migration, reason -> events.accept(new SourceEvent.ChannelsBroken(reason)));
  }

  List<MigrationView.ChannelBytes> bytes() {
    return relays.bytes();
  }

  /** What the bulk channel may have under way; applies to channels opened from now on. */
  void limitInFlight(int bytes) {
    inFlightBytes = OptionalInt.of(bytes);
  }

  /** How much a page request is to bring at once; applies to channels opened from now on. */
  void readAhead(int bytes) {
    readAheadBytes = bytes;
  }

  /** Asks QEMU to send these pages before all others. */
  void sendFirst(List<MemoryRange> ranges, PageRequests.When when) {
    first = request -> request.first(ranges, when);
    requests.ifPresent(first);
    sendRequests();
  }

  /** A page request is what QEMU wakes up for; which page, does not matter. */
  @Override
  public Optional<Runnable> beforeSwitch() {
    awaitUrgent();
    switching = true;
    return requests.map(
        asked ->
            () -> {
              asked.wake();
              sendRequests();
            });
  }

  private void awaitUrgent() {
    try {
      if (!urgentDone.await(URGENT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("migration={} switches before its urgent channel is there", migration);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sendRequests() {
    main.ifPresent(
        relay -> {
          try {
            relay.sendAdditions();
          } catch (IOException e) {
            LOG.debug("migration={} its main channel has ended", migration, e);
          }
        });
  }

  @Override
  public TransferAddress open(PeerMessage.Listening listening) {
    close();
    relays.attempt(listening.attempt());
    CountDownLatch done = new CountDownLatch(names.urgent() ? 1 : 0);
    urgentDone = done;
    lock.lock();
    try {
      Files.createDirectories(directory);
      Path path = directory.resolve("out-" + sockets++ + ".sock");
      ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(path));
      listener = Optional.of(server);
      Thread.ofVirtual()
          .name("tunnel-" + migration)
          .start(() -> accept(server, path, listening, done));
      return new TransferAddress.UnixSocket(path);
    } catch (IOException e) {
      throw Problem.host(
              "no-socket",
              "No socket for QEMU can be made in %s: %s".formatted(directory, e.getMessage()),
              "Make room there, or choose another run-directory.")
          .asException(e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * QEMU opens its urgent connection only at the switch, and the other QEMU takes it in the very
   * loop that then loads the devices' state: should that need a page before the connection is
   * through, both would wait for ever. So the way to the target is there before QEMU asks for it.
   */
  private void accept(
      ServerSocketChannel server,
      Path path,
      PeerMessage.Listening listening,
      CountDownLatch urgentOpened) {
    int channel = 0;
    Optional<TlsChannel> ahead = Optional.empty();
    try {
      while (channel < listening.tickets().size()) {
        SocketChannel hypervisor = server.accept();
        Optional<TlsChannel> opened = ahead;
        ahead = Optional.empty();
        relay(hypervisor, opened, channel, listening);
        channel++;
        if (names.isUrgent(channel)) {
          ahead = Optional.of(opener.open(purpose(channel, listening)));
          urgentOpened.countDown();
        }
      }
    } catch (IOException e) {
      if (server.isOpen()) {
        relays.brokenIn(listening.attempt(), names.name(channel), String.valueOf(e.getMessage()));
      }
    } catch (ProblemException e) {
      relays.brokenIn(listening.attempt(), names.name(channel), e.problem().message());
    } finally {
      urgentOpened.countDown();
      ahead.ifPresent(SourceTunnel::closeQuietly);
      closeQuietly(server);
      deleteQuietly(path);
    }
  }

  private void relay(
      SocketChannel hypervisor,
      Optional<TlsChannel> opened,
      int channel,
      PeerMessage.Listening listening)
      throws IOException {
    TlsChannel peer;
    try {
      peer = opened.isPresent() ? opened.get() : opener.open(purpose(channel, listening));
    } catch (IOException | ProblemException e) {
      hypervisor.close();
      throw e;
    }
    Relay.Urgency urgency = names.isUrgent(channel) ? Relay.Urgency.URGENT : Relay.Urgency.BULK;
    Relay.Options options = Relay.Options.plain().withThrottle(throttle, urgency);
    // Only the first attempt carries the switch; a recovery's stream cannot start a target.
    boolean carriesSwitch = channel == 0 && !recorded;
    if (carriesSwitch) {
      recorded = true;
      // What QEMU says at the switch is what another target could be made of.
      options =
          options
              .withOutwardTap(recorder::forward)
              .withSalvage(() -> switching && recorder.isReading());
    }
    String name = migration + "/" + listening.attempt() + "/" + channel;
    if (channel == 0 && listening.content() != PeerMessage.ContentUse.NONE) {
      options = options.withCoding(content.coding(name, listening.content()));
    }
    if (names.isUrgent(channel) && HeldChunks.packs(listening.content())) {
      options = options.withCoding(content.urgentCoding(listening.content()));
    }
    if (channel == 0 && names.urgent()) {
      PageRequests made = new PageRequests(memoryBytes, readAheadBytes);
      if (carriesSwitch) {
        requests = Optional.of(made);
        first.accept(made);
      }
      options = options.withInwardTap(made::bytes).withAdditions(made::ours);
    }
    Relay relay = new Relay(name, hypervisor, peer, options);
    if (carriesSwitch) {
      main = Optional.of(relay);
    }
    if (urgency == Relay.Urgency.BULK && inFlightBytes.isPresent()) {
      relay.limitInFlight(inFlightBytes.getAsInt());
    }
    relays.run(names.name(channel), listening.attempt(), relay);
  }

  private Purpose.Channel purpose(int channel, PeerMessage.Listening listening) {
    return new Purpose.Channel(
        migration, listening.attempt(), channel, listening.tickets().get(channel));
  }

  @Override
  public void replay(PeerMessage.Listening listening) {
    byte[] kept =
        recorder
            .replay()
            .orElseThrow(
                () ->
                    Problem.migration("no-replay", "the relay kept no copy of the switch", "")
                        .asException());
    List<TlsChannel> channels = new ArrayList<>();
    try {
      for (int channel = 0; channel < listening.tickets().size(); channel++) {
        channels.add(opener.open(purpose(channel, listening)));
      }
      TlsChannel main = channels.getFirst();
      if (listening.content() != PeerMessage.ContentUse.NONE) {
        PlainExchange exchange = new PlainExchange(main.out(), main.in());
        replayer.play(kept, exchange.out(), exchange.in());
      } else {
        replayer.play(kept, main.out(), main.in());
      }
    } catch (IOException e) {
      throw Problem.peer("replay-broken", "The switch could not be replayed: " + e.getMessage(), "")
          .asException(e);
    } finally {
      // As a cut link would: the rebuilt target pauses, and is recovered like any other.
      channels.forEach(SourceTunnel::closeQuietly);
    }
  }

  @Override
  public void close() {
    relays.closeAll("closed");
    if (switching && recorder.isReading()) {
      // What QEMU has begun to say at the switch it must be let say, before anybody breaks it.
      main.filter(relay -> !relay.awaitEnd(SALVAGE_PATIENCE))
          .ifPresent(_ -> LOG.warn("migration={} its main channel does not end", migration));
    }
    lock.lock();
    try {
      listener.ifPresent(SourceTunnel::closeQuietly);
      listener = Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private static void closeQuietly(Closeable server) {
    try {
      server.close();
    } catch (IOException e) {
      // It is of no further use either way.
    }
  }

  private static void deleteQuietly(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // A leftover in the run directory; the next agent's start removes it.
    }
  }
}
