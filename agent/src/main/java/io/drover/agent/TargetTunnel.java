package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.migration.TargetChannels;
import io.drover.migration.TransferAddress;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
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
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The target's end of the tunnel: connects each channel that comes in to the waiting QEMU. QEMU
 * tells its connections apart by their order, so a channel waits for the ones before it.
 */
final class TargetTunnel implements TargetChannels {
  private static final Duration ORDER_PATIENCE = Duration.ofSeconds(15);

  private final MigrationId migration;
  private final HostName source;
  private final MigrationFolder folder;
  private final ChannelNames names;
  private final Tickets tickets;
  private final ChannelRelays relays;
  private final Optional<Supplier<HeldChunks>> held;
  private final List<ReceivingPages> attempts = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition connected = lock.newCondition();
  private Optional<Path> socket = Optional.empty();
  private int sockets;
  private int nextChannel;

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
                attempts.stream().map(ReceivingPages::saving).toList(), Optional.empty()));
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
                name,
                hypervisor,
                peer,
                Relay.Options.plain().withCoding(receiving(pages, release)));
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
      Relay relay = new Relay(name, hypervisor, peer, Relay.Options.plain());
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
      while (nextChannel != purpose.channel() && relays.isOpen(purpose.attempt())) {
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
      connected.signalAll();
      return hypervisor;
    } finally {
      lock.unlock();
    }
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
