package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.chunk.Grain;
import io.drover.chunk.WrittenDisk;
import io.drover.chunk.exchange.ByteSink;
import io.drover.chunk.exchange.ContentReceiver;
import io.drover.chunk.exchange.Saving;
import io.drover.migration.TargetDisks;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.qemu.ArrivingDisks;
import io.drover.qemu.QemuTarget;
import io.drover.qemu.disk.DiskService;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.NbdClient;
import io.drover.tunnel.Tickets;
import io.drover.tunnel.TlsChannel;
import io.drover.wire.PeerMessage;
import io.drover.wire.Purpose;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The target's end of a migration's disk channels: what comes over each is done to a disk of the
 * waiting QEMU, or to the image that disks of it are based on. Each has one connection at a time,
 * and the one before has ended all it was doing when the next begins. All are known by the number
 * of their channel.
 */
final class TargetDiskChannels implements TargetDisks {
  private static final Logger LOG = LoggerFactory.getLogger(TargetDiskChannels.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final MigrationId migration;
  private final HostName source;
  private final QemuTarget hypervisor;
  private final Tickets tickets;
  private final Optional<Content> content;
  private final Map<Integer, Serving> newest = new HashMap<>();
  private final Map<Integer, NbdClient> clients = new HashMap<>();
  private final Map<Integer, BaseFileDevice> bases = new TreeMap<>();
  private final List<Serving> all = new ArrayList<>();
  private int attempt;

  /** What this host holds by content, as far as it concerns one guest's disks. */
  interface Content {
    /** The caller closes it. */
    HeldChunks held();

    /** Where to say what is written to a disk, if that is wanted. */
    Optional<WrittenDisk> names(int disk);
  }

  /** One connection. */
  private static final class Serving {
    private final String name;
    private final int attempt;
    private final TlsChannel channel;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicLong sentBytes = new AtomicLong();
    private final AtomicLong receivedBytes = new AtomicLong();
    private volatile Optional<ByContent> byContent = Optional.empty();

    Serving(String name, int attempt, TlsChannel channel) {
      this.name = name;
      this.attempt = attempt;
      this.channel = channel;
    }

    Optional<Saving> saving() {
      return byContent.map(named -> named.receiver.saving());
    }

    void serve(BlockDevice device) throws IOException {
      DiskService service = new DiskService(device, answer -> send(answer, 0, answer.length));
      try {
        receive(service::received);
      } finally {
        service.end();
      }
    }

    void serve(BlockDevice device, HeldChunks held) throws IOException {
      ByContent named = new ByContent(device, held, this::send);
      byContent = Optional.of(named);
      try {
        receive(named.receiver::fromPeer);
      } finally {
        named.service.end();
        named.receiver.release(); // connections may come and go often
        held.close();
      }
    }

    private void receive(ByteSink taker) throws IOException {
      byte[] buffer = new byte[256 << 10];
      try (InputStream in = channel.in()) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          receivedBytes.addAndGet(count);
          taker.write(buffer, 0, count);
        }
      }
    }

    private void send(byte[] bytes, int offset, int length) throws IOException {
      channel.out().write(bytes, offset, length);
      sentBytes.addAndGet(length);
    }

    void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // It is of no further use either way.
      }
    }
  }

  /** Changes that come by content; their answers go back in the same exchange. */
  private static final class ByContent {
    private final ContentReceiver receiver;
    private final DiskService service;

    ByContent(BlockDevice device, HeldChunks held, ByteSink toSource) {
      service = new DiskService(device, this::answer);
      receiver = new ContentReceiver(Grain.PAGE, held, toSource, service::received);
    }

    private void answer(byte[] answer) throws IOException {
      receiver.back(answer, 0, answer.length);
    }
  }

  TargetDiskChannels(
      MigrationId migration,
      HostName source,
      QemuTarget hypervisor,
      Tickets tickets,
      Optional<Content> content) {
    this.migration = migration;
    this.source = source;
    this.hypervisor = hypervisor;
    this.tickets = tickets;
    this.content = content;
  }

  @Override
  public PeerMessage.DisksOpen expect(int wanted) {
    synchronized (this) {
      attempt = wanted;
      newest.values().forEach(Serving::close);
    }
    ArrivingDisks images = hypervisor.disks();
    List<Integer> channels = new ArrayList<>();
    images.all().forEach(disk -> channels.add(Purpose.Channel.FIRST_DISK + disk.disk()));
    images.copiedBases().keySet().forEach(disk -> channels.add(Purpose.Channel.FIRST_BASE + disk));
    return new PeerMessage.DisksOpen(
        wanted,
        tickets.issue(migration, wanted, channels, source),
        HeldChunks.use(content.isPresent()));
  }

  /** Serves a channel whose ticket was good, until it ends. */
  void accept(Purpose.Channel purpose, TlsChannel channel) {
    String name = ChannelNames.ofDisk(purpose.channel());
    Serving serving = new Serving(name, purpose.attempt(), channel);
    try {
      BlockDevice incoming = begin(purpose.channel(), serving);
      if (content.isPresent()) {
        serving.serve(incoming, content.get().held());
      } else {
        serving.serve(incoming);
      }
    } catch (IOException e) {
      LOG.info("migration={} the channel {} ended: {}", migration, name, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      serving.close();
      serving.ended.countDown();
    }
  }

  private BlockDevice begin(int channel, Serving serving) throws IOException, InterruptedException {
    Serving before;
    synchronized (this) {
      if (serving.attempt != attempt) {
        throw new IOException("the attempt is over");
      }
      before = newest.put(channel, serving);
      all.add(serving);
    }
    if (before != null) {
      before.close();
      before.ended.await();
    }
    synchronized (this) {
      return channel >= Purpose.Channel.FIRST_BASE
          ? base(channel)
          : disk(channel - Purpose.Channel.FIRST_DISK);
    }
  }

  private BlockDevice disk(int disk) throws IOException {
    NbdClient device = clients.get(disk);
    if (device == null || !device.isOpen()) {
      device = hypervisor.disk(disk);
      clients.put(disk, device);
    }
    return new IncomingDisk(device, content.flatMap(known -> known.names(disk)));
  }

  private BlockDevice base(int channel) throws IOException {
    BaseFileDevice open = bases.get(channel);
    if (open == null) {
      ArrivingDisks.ArrivingBase base =
          hypervisor.disks().copiedBases().get(channel - Purpose.Channel.FIRST_BASE);
      if (base == null) {
        throw new IOException("no base is copied for that disk");
      }
      open = new BaseFileDevice(base.path());
      bases.put(channel, open);
    }
    // What is flushed now and then need not be flushed while the disks wait for the end of it.
    return new IncomingDisk(open, Optional.empty());
  }

  synchronized List<MigrationView.ChannelBytes> bytes() {
    return all.stream()
        .map(
            serving ->
                new MigrationView.ChannelBytes(
                    serving.name,
                    serving.attempt,
                    serving.sentBytes.get(),
                    serving.receivedBytes.get()))
        .toList();
  }

  /** What looking disks up by content did; nothing where none was. */
  synchronized Optional<MigrationView.ContentView> content() {
    List<Saving> savings = all.stream().flatMap(serving -> serving.saving().stream()).toList();
    return savings.isEmpty()
        ? Optional.empty()
        : Optional.of(MemoryByContent.view(savings, 0, Optional.empty()));
  }

  @Override
  public void close() {
    List<Serving> serving;
    synchronized (this) {
      attempt = -1;
      serving = List.copyOf(newest.values());
      newest.clear();
    }
    serving.forEach(Serving::close);
    List<NbdClient> open;
    synchronized (this) {
      open = List.copyOf(clients.values());
      clients.clear();
    }
    try {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      for (Serving one : serving) {
        if (!one.ended.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          // A hypervisor that stands still answers nobody; whoever waits for it is told so.
          open.forEach(NbdClient::close);
          one.ended.await();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    open.forEach(NbdClient::close);
    closeBases();
    hypervisor.releaseDisks();
  }

  private synchronized void closeBases() {
    for (BaseFileDevice base : bases.values()) {
      try {
        base.close();
      } catch (IOException e) {
        LOG.debug("migration={} closing a base", migration, e);
      }
    }
    bases.clear();
  }

  @Override
  public void settle() {
    hypervisor.settleDisks();
  }

  @Override
  public void discard() {
    ArrivingDisks images = hypervisor.disks();
    images.discard();
  }
}
