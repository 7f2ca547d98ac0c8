package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.Saving;
import io.drover.migration.TargetChannels;
import io.drover.migration.TransferAddress;
import io.drover.model.HostName;
import io.drover.model.MemoryBudget;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

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
  private final Optional<Content> content;
  // Of attempts that are over only the numbers are kept.
  private Optional<ReceivingPages> receiving = Optional.empty();
  private Optional<PackedPages> urgent = Optional.empty();
  private Optional<Saving> received = Optional.empty();
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
   * @param content what this host holds, if the main channel is to carry a content exchange
   */
  TargetTunnel(
      MigrationId migration,
      HostName source,
      MigrationFolder folder,
      ChannelNames names,
      Tickets tickets,
      Optional<Content> content,
      Consumer<String> broken) {
    this.migration = migration;
    this.source = source;
    this.folder = folder;
    this.names = names;
    this.tickets = tickets;
    this.content = content;
    this.relays = new ChannelRelays(migration, broken);
  }

  List<MigrationView.ChannelBytes> bytes() {
    return relays.bytes();
  }

  synchronized Optional<MigrationView.ContentView> content() {
    Saving packed = urgent.map(PackedPages::saving).orElse(Saving.NOTHING);
    return receiving
        .map(pages -> received.orElse(Saving.NOTHING).plus(pages.saving()))
        .or(() -> received)
        .map(saving -> MemoryByContent.view(saving.plus(packed), Optional.empty()));
  }

  private synchronized void begun(ReceivingPages pages) {
    receiving.ifPresent(this::ended);
    receiving = Optional.of(pages);
  }

  private synchronized void begun(PackedPages pages) {
    urgent.ifPresent(
        before -> received = Optional.of(received.orElse(Saving.NOTHING).plus(before.saving())));
    urgent = Optional.of(pages);
  }

  private synchronized void ended(ReceivingPages pages) {
    if (receiving.equals(Optional.of(pages))) {
      received = Optional.of(received.orElse(Saving.NOTHING).plus(pages.saving()));
      receiving = Optional.empty();
    }
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
        HeldChunks.use(content.isPresent()));
  }

  /** Takes a channel whose ticket was good. */
  void accept(Purpose.Channel purpose, TlsChannel peer) {
    try {
      SocketChannel hypervisor = connectInOrder(purpose);
      String name = migration + "/" + purpose.attempt() + "/" + purpose.channel();
      if (purpose.channel() == 0 && content.isPresent()) {
        HeldChunks held = content.get().held();
        Attempt attempt = new Attempt(held, content.get().memory());
        Relay relay = new Relay(name, hypervisor, peer, options(purpose).withCoding(attempt));
        relays.run(
            names.name(0),
            purpose.attempt(),
            relay,
            () -> {
              held.close();
              attempt.release();
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
    if (names.isUrgent(purpose.channel())) {
      // Once QEMU has every page it closes this one, whatever is still said there.
      Relay.Options urgent = Relay.Options.plain().withHypervisorThatMayLeave();
      return HeldChunks.packs(HeldChunks.use(content.isPresent()))
          ? urgent.withCoding(this::unpacking)
          : urgent;
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
    PackedPages made = new PackedPages(Compression.NONE, toPeer, toHypervisor, end);
    begun(made);
    return made;
  }

  /** What this host holds by content, as far as it concerns one guest's memory. */
  interface Content {
    /** For one attempt; the caller closes it. */
    HeldChunks held();

    /** For what has come, or is held, before its turn. */
    MemoryBudget.Share memory();

    /** No attempt follows. */
    void end();
  }

  /** The main channel of one attempt. */
  private final class Attempt implements Coding.Factory {
    private final HeldChunks held;
    private final MemoryBudget.Share memory;
    private Optional<ReceivingPages> pages = Optional.empty();

    Attempt(HeldChunks held, MemoryBudget.Share memory) {
      this.held = held;
      this.memory = memory;
    }

    @Override
    public synchronized Coding start(
        Coding.Sink toPeer, Coding.Sink toHypervisor, Coding.End hypervisorEnd) {
      ReceivingPages made = new ReceivingPages(held, memory, toPeer, toHypervisor, hypervisorEnd);
      pages = Optional.of(made);
      begun(made);
      return made;
    }

    synchronized void release() {
      pages.ifPresent(
          made -> {
            made.release();
            ended(made);
          });
    }
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
    content.ifPresent(Content::end);
  }

  private static void closeQuietly(TlsChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // It is of no further use either way.
    }
  }
}
