package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.chunk.exchange.Compression;
import io.drover.migration.TargetChannels;
import io.drover.migration.TransferAddress;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.qemu.RecoveryHead;
import io.drover.tunnel.ByteTap;
import io.drover.tunnel.Coding;
import io.drover.tunnel.Relay;
import io.drover.tunnel.Tickets;
import io.drover.tunnel.TlsChannel;
import io.drover.wire.PeerMessage;
import io.drover.wire.Purpose;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The target's end of the tunnel: connects each channel that comes in to the waiting QEMU. QEMU
 * tells its connections apart by their order, so a channel waits for the ones before it.
 */
final class TargetTunnel implements TargetChannels {
  private static final Duration ORDER_PATIENCE = Duration.ofSeconds(15);
  private static final Duration ACCEPT_PATIENCE = Duration.ofSeconds(5);
  private static final Duration WAKING = Duration.ofMillis(500);
  private static final Duration POLL = Duration.ofMillis(20);

  private final MigrationId migration;
  private final HostName source;
  private final MigrationFolder folder;
  private final ChannelNames names;
  private final Tickets tickets;
  private final ChannelRelays relays;
  private final Optional<Supplier<HeldChunks>> held;
  private final List<ReceivingPages> attempts = new CopyOnWriteArrayList<>();
  private final List<PackedPages> urgent = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition connected = lock.newCondition();
  private Optional<Path> socket = Optional.empty();
  private int sockets;
  private int nextChannel;
  private int latestAttempt;
  private long lastCame;
  private boolean resumed;

  /**
   * Nothing is expected yet.
   *
   * @param held what this host holds, if the main channel is to carry a content exchange
   */
  TargetTunnel(
      MigrationId migration,
      HostName source,
      MigrationFolder folder,
      ChannelNames names,
      Tickets tickets,
      Optional<Supplier<HeldChunks>> held,
      Consumer<String> broken) {
    this.migration = migration;
    this.source = source;
    this.folder = folder;
    this.names = names;
    this.tickets = tickets;
    this.held = held;
    this.relays = new ChannelRelays(broken);
  }

  List<MigrationView.ChannelBytes> bytes() {
    return relays.bytes();
  }

  Optional<MigrationView.ContentView> content() {
    return attempts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            MemoryByContent.view(
                attempts.stream().map(ReceivingPages::saving).toList(),
                MemoryByContent.packed(urgent),
                Optional.empty()));
  }

  @Override
  public TransferAddress address(int attempt) {
    lock.lock();
    try {
      Files.createDirectories(folder.path());
      // A fresh path each time: QEMU leaves the old file behind while it is paused.
      return new TransferAddress.UnixSocket(folder.path().resolve("in-" + sockets++ + ".sock"));
    } catch (IOException e) {
      throw io.drover.model.Problem.host(
              "no-socket",
              "No socket for QEMU can be made in %s: %s".formatted(folder.path(), e.getMessage()),
              "Make room there, or choose another run-directory.")
          .asException(e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public PeerMessage.Listening expect(int attempt, TransferAddress address) {
    if (!(address instanceof TransferAddress.UnixSocket(Path path))) {
      throw new IllegalStateException("the tunnel ends at a unix socket, not at " + address);
    }
    close();
    lock.lock();
    try {
      socket = Optional.of(path);
      nextChannel = 0;
      resumed = false;
      latestAttempt = attempt;
    } finally {
      lock.unlock();
    }
    relays.attempt(attempt);
    return new PeerMessage.Listening(
        attempt,
        tickets.issue(migration, attempt, names.count(), source),
        Optional.empty(),
        HeldChunks.use(held.isPresent()));
  }

  /** Takes a channel whose ticket was good. */
  void accept(Purpose.Channel purpose, TlsChannel peer) {
    try {
      SocketChannel hypervisor = connectInOrder(purpose);
      String name = migration + "/" + purpose.attempt() + "/" + purpose.channel();
      if (purpose.channel() == 0 && held.isPresent()) {
        HeldChunks pages = held.get().get();
        AtomicReference<Runnable> release = new AtomicReference<>(() -> {});
        Relay relay =
            new Relay(
                name, hypervisor, peer, options(purpose).withCoding(receiving(pages, release)));
        relays.run(
            names.name(0),
            purpose.attempt(),
            relay,
            () -> {
              pages.close();
              Optional.ofNullable(release.get()).ifPresent(Runnable::run);
            });
        return;
      }
      Relay relay = new Relay(name, hypervisor, peer, options(purpose));
      relays.run(names.name(purpose.channel()), purpose.attempt(), relay);
    } catch (IOException e) {
      closeQuietly(peer);
      relays.brokenIn(
          purpose.attempt(), names.name(purpose.channel()), String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      closeQuietly(peer);
      Thread.currentThread().interrupt();
    }
  }

  private Relay.Options options(Purpose.Channel purpose) {
    if (names.isUrgent(purpose.channel()) && HeldChunks.packs(HeldChunks.use(held.isPresent()))) {
      return Relay.Options.plain().withCoding(this::unpacking);
    }
    if (purpose.channel() > 0) {
      return Relay.Options.plain();
    }
    Relay.Options options =
        Relay.Options.plain().withBeforeEnd(broken -> completeChannels(purpose.attempt(), broken));
    return purpose.attempt() == 0 ? options : options.withInwardTap(resumption());
  }

  private ByteTap resumption() {
    RecoveryHead head = new RecoveryHead();
    return (buffer, offset, length) -> {
      if (!head.resumed()) {
        head.bytes(buffer, offset, length);
        if (head.resumed()) {
          resumes();
        }
      }
    };
  }

  private void resumes() {
    lock.lock();
    try {
      resumed = true;
      connected.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * To be called before the main channel ends. Once a recovery resumes, QEMU waits for its urgent
   * channel before it reads the main one again: were that to end meanwhile, QEMU would wait for
   * good and notice nothing. So it gets the channels that have not come. And a thread that it has
   * just woken to read them dies, and all of QEMU with it, if it finds the main channel gone
   * already (10.0.2): so it gets the time to wake.
   */
  private void completeChannels(int attempt, boolean broken) {
    boolean interrupted = Thread.interrupted();
    lock.lock();
    try {
      // At first QEMU waits for nothing, but if post-copy began it counts on getting the channel.
      boolean waits = attempt == 0 ? broken : resumed;
      if (attempt != latestAttempt || !waits || nextChannel == 0) {
        return;
      }
      if (nextChannel < names.count()) {
        standInForMissingChannels();
      }
      long awake = lastCame + WAKING.toNanos();
      for (long left = awake - System.nanoTime(); left > 0; left = awake - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void standInForMissingChannels() {
    nextChannel = names.count();
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket.orElseThrow());
    long deadline = System.nanoTime() + ACCEPT_PATIENCE.toNanos();
    // Refused once it has them all.
    while (System.nanoTime() < deadline && connectsAndHangsUp(address)) {
      LockSupport.parkNanos(POLL.toNanos());
    }
    lastCame = System.nanoTime();
  }

  private static boolean connectsAndHangsUp(UnixDomainSocketAddress address) {
    try {
      SocketChannel.open(address).close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private Coding unpacking(Coding.Sink toPeer, Coding.Sink toHypervisor, Coding.End end) {
    PackedPages made = new PackedPages(Compression.ofMachine(), toPeer, toHypervisor, end);
    urgent.add(made);
    return made;
  }

  private Coding.Factory receiving(HeldChunks pages, AtomicReference<Runnable> release) {
    return (toPeer, toHypervisor, hypervisorEnd) -> {
      ReceivingPages made = new ReceivingPages(pages, toPeer, toHypervisor, hypervisorEnd);
      attempts.add(made);
      release.set(made::release);
      return made;
    };
  }

  private SocketChannel connectInOrder(Purpose.Channel purpose)
      throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      long patience = ORDER_PATIENCE.toNanos();
      while (!isTurnOf(purpose) && relays.isOpen(purpose.attempt())) {
        if (patience <= 0) {
          throw new IOException("the channels before this one never came");
        }
        patience = connected.awaitNanos(Math.min(patience, TimeUnit.SECONDS.toNanos(1)));
      }
      if (!relays.isOpen(purpose.attempt())) {
        throw new IOException("the attempt is over");
      }
      Path path = socket.orElseThrow(() -> new IOException("nothing is expected"));
      SocketChannel hypervisor = SocketChannel.open(UnixDomainSocketAddress.of(path));
      nextChannel++;
      lastCame = System.nanoTime();
      connected.signalAll();
      return hypervisor;
    } finally {
      lock.unlock();
    }
  }

  /**
   * An urgent channel that comes before the recovery resumes would be forgotten if it broke until
   * then, but not that it had come: QEMU would die in the next recovery (10.0.2).
   */
  private boolean isTurnOf(Purpose.Channel purpose) {
    return nextChannel == purpose.channel()
        && (purpose.channel() == 0 || purpose.attempt() == 0 || resumed);
  }

  @Override
  public void close() {
    tickets.revoke(migration);
    relays.closeAll("closed");
  }

  void delete() {
    close();
    folder.delete();
  }

  private static void closeQuietly(TlsChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // It is of no further use either way.
    }
  }
}
