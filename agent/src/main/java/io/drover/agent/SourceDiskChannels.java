package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.migration.DiskMirror;
import io.drover.migration.DiskProgress;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.SourceDisks;
import io.drover.migration.SourceEvent;
import io.drover.model.GuestDefinition;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.model.Storage;
import io.drover.qemu.DiskState;
import io.drover.qemu.ImageServer;
import io.drover.qemu.disk.RemoteDisk;
import io.drover.qemu.nbd.NbdLimits;
import io.drover.qemu.nbd.NbdListener;
import io.drover.qemu.nbd.NbdServer;
import io.drover.tunnel.Throttle;
import io.drover.tunnel.TlsChannel;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.DiskLayers;
import io.drover.wire.Purpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source's end of a migration's disk channels: an NBD server for each disk, to which QEMU
 * mirrors it, and a channel to the target for each, which may come and go. What disks are based on,
 * and is to be copied, goes ahead of them, over channels of its own.
 */
final class SourceDiskChannels implements SourceDisks {
  private static final Logger LOG = LoggerFactory.getLogger(SourceDiskChannels.class);

  private final MigrationId migration;
  private final GuestDefinition guest;
  private final Storage storage;
  private final Path directory;
  private final Supplier<List<DiskState>> states;
  private final Supplier<List<DiskLayers>> layers;
  private final DisksByContent content;
  private final SourceTunnel.Opener opener;
  private final Throttle throttle;
  private final Consumer<SourceEvent> events;
  // By the number of their channel, and of their bases; the target has tickets in that order.
  private final Map<Integer, RemoteDisk> disks = new TreeMap<>();
  private final List<NbdListener> listeners = new ArrayList<>();
  private final List<DiskSending> sendings = new ArrayList<>();
  private int attempt;
  private boolean closed;

  SourceDiskChannels(
      MigrationId migration,
      GuestDefinition guest,
      Storage storage,
      Path directory,
      Supplier<List<DiskState>> states,
      Supplier<List<DiskLayers>> layers,
      DisksByContent content,
      SourceTunnel.Opener opener,
      Throttle throttle,
      Consumer<SourceEvent> events) {
    this.migration = migration;
    this.guest = guest;
    this.storage = storage;
    this.directory = directory;
    this.states = states;
    this.layers = layers;
    this.content = content;
    this.opener = opener;
    this.throttle = throttle;
    this.events = events;
  }

  @Override
  public synchronized List<DiskMirror> prepare(List<Integer> moving) {
    List<DiskState> known = states.get();
    List<DiskMirror> mirrors = new ArrayList<>();
    Map<String, BaseCopy> copies = new HashMap<>();
    try {
      Files.createDirectories(directory);
      for (int disk : moving) {
        Optional<DiskLayers> based = basedAtTarget(disk);
        Optional<BaseCopy> copy =
            based
                .filter(there -> there.use() == PeerMessage.BaseUse.ON_COPY)
                .flatMap(DiskLayers::base)
                .map(
                    base ->
                        copies.computeIfAbsent(base.path(), _ -> beginCopy(disk, known.get(disk))));
        RemoteDisk remote = new RemoteDisk(known.get(disk).bytes());
        Path socket = directory.resolve("disk-" + disk + ".sock");
        listeners.add(
            new NbdListener(
                socket,
                new NbdServer("disk" + disk, remote, NbdLimits.DEFAULT),
                end -> LOG.debug("migration={} disk {}: {}", migration, disk, end)));
        disks.put(Purpose.Channel.FIRST_DISK + disk, remote);
        mirrors.add(
            new DiskMirror(
                disk,
                socket,
                based.isPresent() ? DiskMirror.Layers.TOP : DiskMirror.Layers.ALL,
                () -> copy.map(BaseCopy::progress).orElse(DiskProgress.NONE)));
      }
    } catch (IOException e) {
      throw Problem.host(
              "no-socket",
              "No socket for QEMU's disks can be made in %s: %s"
                  .formatted(directory, e.getMessage()),
              "Make room there, or choose another run-directory.")
          .asException(e);
    }
    return mirrors;
  }

  private Optional<DiskLayers> basedAtTarget(int disk) {
    return layers.get().stream()
        .filter(each -> each.disk() == disk && !each.use().flattens())
        .findFirst();
  }

  private BaseCopy beginCopy(int disk, DiskState state) {
    BaseFiles base =
        SourceBases.files(state)
            .orElseThrow(() -> new IllegalStateException("a base of unknown files is copied"));
    RemoteDisk remote = new RemoteDisk(state.base().orElseThrow().bytes());
    int channel = Purpose.Channel.FIRST_BASE + disk;
    disks.put(channel, remote);
    String name = ChannelNames.ofDisk(channel);
    BaseCopy copy =
        new BaseCopy(
            () ->
                ImageServer.open(
                    base.uppermost(), base.format(), directory.resolve(name + ".sock")),
            remote,
            state.base().orElseThrow().allocatedBytes(),
            reason ->
                events.accept(
                    new SourceEvent.FromHypervisor(
                        new HypervisorEvent.DisksFailed(
                            "%s: %s".formatted(base.uppermost(), reason), System.nanoTime()))));
    copy.start(name + "-" + migration);
    return copy;
  }

  /** The handshakes take their time, and a link may be cut meanwhile. */
  @Override
  public void connect(PeerMessage.DisksOpen open) {
    synchronized (this) {
      attempt = open.attempt();
      sendings.forEach(sending -> sending.close("another connection takes its place"));
    }
    Thread.ofVirtual()
        .name("disks-" + migration)
        .start(
            () -> {
              try {
                int index = 0;
                for (Map.Entry<Integer, RemoteDisk> each : all().entrySet()) {
                  open(each.getKey(), each.getValue(), index++, open);
                }
              } catch (IOException e) {
                cut(open.attempt(), String.valueOf(e.getMessage()));
              } catch (ProblemException e) {
                cut(open.attempt(), e.problem().message());
              }
            });
  }

  private synchronized Map<Integer, RemoteDisk> all() {
    return new TreeMap<>(disks);
  }

  private void open(int number, RemoteDisk remote, int index, PeerMessage.DisksOpen open)
      throws IOException {
    if (index >= open.tickets().size()) {
      throw new IOException("the target has no ticket for " + ChannelNames.ofDisk(number));
    }
    TlsChannel channel =
        opener.open(
            new Purpose.Channel(migration, open.attempt(), number, open.tickets().get(index)));
    synchronized (this) {
      if (closed || attempt != open.attempt()) {
        channel.close();
        return;
      }
      DiskSending sending =
          new DiskSending(
              ChannelNames.ofDisk(number),
              open,
              channel,
              remote,
              content,
              throttle,
              reason -> cut(open.attempt(), reason));
      sendings.add(sending);
      sending.start();
    }
  }

  /** One broken channel is enough: all are opened again, with tickets of one attempt. */
  private void cut(int broken, String reason) {
    synchronized (this) {
      if (closed || broken != attempt) {
        return;
      }
      attempt = -1;
      sendings.forEach(sending -> sending.close(reason));
    }
    LOG.info("migration={} the disks' channels broke: {}", migration, reason);
    events.accept(new SourceEvent.DisksCut(reason));
  }

  synchronized List<MigrationView.ChannelBytes> bytes() {
    return sendings.stream().map(DiskSending::bytes).toList();
  }

  @Override
  public void fail() {
    List<RemoteDisk> failing;
    synchronized (this) {
      attempt = -1;
      failing = List.copyOf(disks.values());
      sendings.forEach(sending -> sending.close("given up"));
    }
    failing.forEach(disk -> disk.fail("the move is given up"));
  }

  @Override
  public void release(List<Integer> moved) {
    for (int disk : moved) {
      Path image = Path.of(guest.disks().get(disk).path());
      try {
        if (storage == Storage.KEEP) {
          Path aside = image.resolveSibling(image.getFileName() + ".moved-" + migration);
          if (Files.exists(image)) {
            Files.move(image, aside, StandardCopyOption.ATOMIC_MOVE);
          }
        } else {
          Files.deleteIfExists(image);
        }
      } catch (IOException e) {
        LOG.warn("migration={} the image {} of the moved guest is left here", migration, image, e);
      }
    }
  }

  @Override
  public void close() {
    fail();
    List<NbdListener> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(listeners);
      listeners.clear();
    }
    for (NbdListener listener : open) {
      try {
        listener.close();
      } catch (IOException e) {
        LOG.debug("migration={} closing a disk's socket", migration, e);
      }
    }
  }
}
