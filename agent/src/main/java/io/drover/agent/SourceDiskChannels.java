package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.migration.DiskMirror;
import io.drover.migration.DiskProgress;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.SourceDisks;
import io.drover.migration.SourceEvent;
import io.drover.model.GuestDefinition;
import io.drover.model.HostName;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
  private final MoveMemory memory;
  private final SourceTunnel.Opener opener;
  private final Throttle throttle;
  private final Consumer<SourceEvent> events;
  // By the number of their channel, and of their bases; the target has tickets in that order.
  private final Map<Integer, RemoteDisk> disks = new TreeMap<>();
  private final List<NbdListener> listeners = new ArrayList<>();
  private final List<DiskSending> sendings = new ArrayList<>();
  // Of connections that are over only the numbers are kept.
  private final List<MigrationView.ChannelBytes> ended = new ArrayList<>();
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
      MoveMemory memory,
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
    this.memory = memory;
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
        int channel = Purpose.Channel.FIRST_DISK + disk;
        Path socket = directory.resolve("disk-" + disk + ".sock");
        listeners.add(
            new NbdListener(
                socket,
                new NbdServer(
                    "disk" + disk, remote, NbdLimits.DEFAULT, memory.disk(channel).changes()),
                end -> LOG.debug("migration={} disk {}: {}", migration, disk, end)));
        disks.put(channel, remote);
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
            memory.disk(channel).changes(),
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
      endAll("another connection takes its place");
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
              memory.disk(number).blocks(),
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
      endAll(reason);
    }
    LOG.info("migration={} the disks' channels broke: {}", migration, reason);
    events.accept(new SourceEvent.DisksCut(reason));
  }

  /** Holding the lock. */
  private void endAll(String reason) {
    for (DiskSending sending : sendings) {
      sending.close(reason);
      ended.add(sending.bytes());
    }
    sendings.clear();
  }

  synchronized List<MigrationView.ChannelBytes> bytes() {
    return Stream.concat(ended.stream(), sendings.stream().map(DiskSending::bytes)).toList();
  }

  @Override
  public void fail() {
    List<RemoteDisk> failing;
    synchronized (this) {
      attempt = -1;
      failing = List.copyOf(disks.values());
      endAll("given up");
    }
    failing.forEach(disk -> disk.fail("the move is given up"));
  }

  @Override
  public void release(List<Integer> moved) {
    if (storage == Storage.KEEP) {
      putAside(moved);
    } else {
      forEach(moved, Files::deleteIfExists);
    }
  }

  @Override
  public void putAside(List<Integer> moved) {
    forEach(
        moved,
        image -> {
          if (Files.exists(image)) { // not done by an earlier run of the agent
            Files.move(image, aside(image, migration), StandardCopyOption.ATOMIC_MOVE);
          }
        });
  }

  private static Path aside(Path image, MigrationId migration) {
    return image.resolveSibling(image.getFileName() + ".moved-" + migration);
  }

  /** What a person has to know where images are put aside that nobody wished to keep. */
  static Problem keptAside(
      GuestDefinition guest, List<Integer> disks, HostName target, MigrationId migration) {
    String files =
        disks.stream()
            .map(disk -> aside(Path.of(guest.disks().get(disk).path()), migration).toString())
            .collect(Collectors.joining(", "));
    return Problem.peer(
        "disks-not-settled",
        "Host %s could not put what came of the guest's disks on stable storage: a power cut there"
                .formatted(target)
            + " may take it. The images that were here are kept, as they were at the switch: %s"
                .formatted(files),
        "%s's report of migration %s says what failed: look after its storage. Remove these files"
                .formatted(target, migration)
            + " once the guest's disks are safe there; if they are lost, these are what is left.");
  }

  private interface FileWork {
    void run(Path image) throws IOException;
  }

  private void forEach(List<Integer> moved, FileWork work) {
    List<String> left = new ArrayList<>();
    for (int disk : moved) {
      Path image = Path.of(guest.disks().get(disk).path());
      try {
        work.run(image);
      } catch (IOException e) {
        left.add("%s (%s)".formatted(image, e));
      }
    }
    if (!left.isEmpty()) {
      throw Problem.host(
              "images-left",
              "The guest has moved, and images of its disks are still in their place here: "
                  + String.join(", ", left),
              "Move them away: they are older than the guest, and must not be started from.")
          .asException();
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
