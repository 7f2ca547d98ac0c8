package io.drover.agent;

import io.drover.api.CheckReport;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.migration.MemoryRange;
import io.drover.migration.PeerLink;
import io.drover.migration.SourceChannels;
import io.drover.migration.SourceDisks;
import io.drover.migration.SourceDriver;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceHypervisor;
import io.drover.migration.SourceState;
import io.drover.model.ByteRate;
import io.drover.model.Chain;
import io.drover.model.Dedup;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.GuestState;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.MigrationOptions;
import io.drover.model.Mode;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.model.Storage;
import io.drover.model.Transport;
import io.drover.network.Continuity;
import io.drover.network.LeavingGuest;
import io.drover.qemu.DiskState;
import io.drover.qemu.PageRequests;
import io.drover.qemu.QemuGuest;
import io.drover.qemu.QemuProgram;
import io.drover.qemu.QemuSource;
import io.drover.qemu.StreamReplay;
import io.drover.tunnel.LinkSpeed;
import io.drover.tunnel.PortClient;
import io.drover.tunnel.Relay;
import io.drover.tunnel.Throttle;
import io.drover.wire.Blob;
import io.drover.wire.PeerMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The guests on their way out of this host. */
final class Departures {
  private static final Logger LOG = LoggerFactory.getLogger(Departures.class);
  private static final Duration WARM_PATIENCE = Duration.ofSeconds(3);

  /** For whoever waits for an answer; what is not read by then is read on. */
  private static final Duration READ_PATIENCE = Duration.ofSeconds(20);

  private final HostName self;
  private final QemuProgram qemu;
  private final Guests guests;
  private final Peers peers;
  private final PortClient client;
  private final FileDigests digests;
  private final MigrationStore store;
  private final Contents contents;
  private final BaseDigests baseDigests;
  private final BaseImages baseImages;
  private final Path runDirectory;
  private final Supplier<Path> nativeTlsDirectory;
  private final RandomGenerator random;
  private final int limit;
  private final Duration stallTimeout;
  private final CompletableFuture<Void> warm;
  private final Continuity continuity;
  private final Map<GuestName, MigrationId> busy = new ConcurrentHashMap<>();
  private final Map<MigrationId, OutgoingMigration> running = new ConcurrentHashMap<>();

  Departures(
      HostName self,
      QemuProgram qemu,
      Guests guests,
      Peers peers,
      PortClient client,
      FileDigests digests,
      MigrationStore store,
      Contents contents,
      BaseDigests baseDigests,
      BaseImages baseImages,
      Path runDirectory,
      Supplier<Path> nativeTlsDirectory,
      RandomGenerator random,
      int limit,
      Duration stallTimeout,
      CompletableFuture<Void> warm,
      Continuity continuity) {
    this.self = self;
    this.qemu = qemu;
    this.guests = guests;
    this.peers = peers;
    this.client = client;
    this.digests = digests;
    this.store = store;
    this.contents = contents;
    this.baseDigests = baseDigests;
    this.baseImages = baseImages;
    this.runDirectory = runDirectory;
    this.nativeTlsDirectory = nativeTlsDirectory;
    this.random = random;
    this.limit = limit;
    this.stallTimeout = stallTimeout;
    this.warm = warm;
    this.continuity = continuity;
  }

  Optional<String> migrationOf(GuestName guest) {
    return Optional.ofNullable(busy.get(guest)).map(MigrationId::value);
  }

  Optional<OutgoingMigration> find(MigrationId id) {
    return Optional.ofNullable(running.get(id));
  }

  CheckReport check(MigrationRequest request) {
    Wanted wanted = wanted(request);
    SourceBases bases = bases(wanted.guest().definition());
    readBases(wanted, bases)
        .completeOnTimeout(null, READ_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionally(_ -> null)
        .join();
    try (StorageProbe probes = new StorageProbe(random)) {
      return new DryRun(
              qemu,
              wanted.guest(),
              wanted.peer(),
              wanted.options(),
              files(wanted.guest().definition()),
              images(wanted.guest(), probes, bases),
              MigrationId.random(random),
              client,
              this::probe,
              continuity)
          .run();
    }
  }

  MigrationView begin(MigrationRequest request) {
    Wanted wanted = wanted(request);
    GuestDefinition definition = wanted.guest().definition();
    MigrationId id = MigrationId.random(random);
    claim(definition.name(), id);
    try {
      GuestState before = wanted.guest().state();
      OutgoingPlan plan = plan(id, definition, wanted.peer().name(), wanted.options());
      SourceState initial =
          SourceState.initial(
              before == GuestState.PAUSED
                  ? SourceState.GuestBefore.PAUSED
                  : SourceState.GuestBefore.RUNNING,
              wanted.options().mode() == Mode.COLD
                  ? SourceState.StartWith.STOPPED_GUEST
                  : SourceState.StartWith.LIVE_GUEST);
      OutgoingMigration migration =
          make(
              plan,
              wanted.options(),
              initial,
              new QemuSource(wanted.guest(), qemu.accelerator()),
              wanted.peer());
      // Known before it is journalled: who began it asks for it at once.
      store.show(migration.record().view());
      migration.begin();
      return migration.record().view();
    } catch (RuntimeException e) {
      busy.remove(definition.name(), id);
      throw e;
    }
  }

  /** Carries on with one that an earlier run of the agent began. */
  void resume(MigrationEntry entry, MigrationEntry.OutgoingPart part) {
    OutgoingPlan plan = part.plan();
    // What has ended owes the target a word, and has nothing to do with the guest.
    if (part.state().stage() != SourceState.Stage.ENDED) {
      busy.put(plan.guest().name(), plan.id());
    }
    Peers.Peer peer = peers.sendingTo(plan.target());
    SourceHypervisor hypervisor =
        guests
            .find(plan.guest().name())
            .<SourceHypervisor>map(guest -> new QemuSource(guest, qemu.accelerator()))
            .orElseGet(DeadSource::new);
    OutgoingMigration migration = make(plan, entry.options(), part.state(), hypervisor, peer);
    migration.record().continues(entry.view());
    migration.resume();
  }

  /** One migration of a guest at a time: the second to ask is told of the first. */
  private void claim(GuestName guest, MigrationId id) {
    if (busy.size() >= limit) {
      throw Problem.full(
              "too-many-migrations",
              "%d migrations leave this host already".formatted(busy.size()),
              "Wait for one to end, or raise 'max-migrations'.")
          .asException();
    }
    MigrationId first = busy.putIfAbsent(guest, id);
    if (first != null) {
      throw Problem.full(
              "already-migrating",
              "Guest '%s' is in migration %s already".formatted(guest, first),
              "Follow it with 'drover migration watch %s'.".formatted(first))
          .asException();
    }
  }

  private record Wanted(QemuGuest guest, Peers.Peer peer, MigrationOptions options) {}

  private Wanted wanted(MigrationRequest request) {
    MigrationOptions options = options(request);
    QemuGuest guest = guests.get(new GuestName(request.guest()));
    HostName target = new HostName(request.to());
    if (target.equals(self)) {
      throw Problem.usage(
              "same-host",
              "Guest '%s' is on host '%s' already".formatted(request.guest(), target),
              "Name another host.")
          .asException();
    }
    Peers.Peer peer = peers.sendingTo(target);
    GuestState state = guest.state();
    if (state != GuestState.RUNNING && state != GuestState.PAUSED) {
      throw Problem.usage(
              "guest-not-movable",
              "Guest '%s' is %s".formatted(request.guest(), state.word()),
              "Only a running or paused guest can move.")
          .asException();
    }
    qemu.asSource()
        .ifPresent(
            problem -> {
              throw problem.asException();
            });
    return new Wanted(guest, peer, options);
  }

  private static MigrationOptions options(MigrationRequest request) {
    return new MigrationOptions(
        request.mode().map(Mode::parse).orElse(Mode.AUTO),
        request.transport().map(Transport::parse).orElse(Transport.TUNNEL),
        request.bandwidthBytesPerSecond().filter(rate -> rate > 0).map(ByteRate::new),
        request
            .maxDowntimeMillis()
            .map(Duration::ofMillis)
            .orElse(MigrationOptions.DEFAULT_MAX_DOWNTIME),
        request.parallelChannels().orElse(0),
        request.dedup().map(Dedup::parse).orElse(Dedup.AUTO),
        request.storage().map(Storage::parse).orElse(Storage.AUTO),
        request.storageChain().map(Chain::parse).orElse(Chain.AUTO));
  }

  private OutgoingPlan plan(
      MigrationId id, GuestDefinition guest, HostName target, MigrationOptions options) {
    boolean capable = qemu.has("postcopy-ram");
    return new OutgoingPlan(
        id,
        guest,
        target,
        capable && options.mode().mayEndInPostCopy() && options.parallelChannels() == 0,
        // Before 8.0 the order of the two connections was a matter of luck.
        qemu.has("postcopy-preempt") && qemu.version().atLeast(8, 0),
        qemu.version(),
        qemu.accelerator().word());
  }

  private OutgoingMigration make(
      OutgoingPlan plan,
      MigrationOptions options,
      SourceState initial,
      SourceHypervisor hypervisor,
      Peers.Peer peer) {
    CompletableFuture<MigrationRecord> told = new CompletableFuture<>();
    Optional<LeavingGuest> leaving =
        plan.guest().networkCards().isEmpty()
            ? Optional.empty()
            : Optional.of(
                continuity.leaving(
                    plan.guest().name(),
                    plan.target(),
                    GuestPorts.of(plan.guest()),
                    step -> told.join().continuity(step)));
    Ports ports = new Ports(plan, options, peer, leaving);
    MigrationRecord record =
        new MigrationRecord(
            new MigrationRecord.Subject(
                plan.id(),
                plan.guest().name(),
                plan.guest().memory().bytes(),
                MigrationRecord.Role.SOURCE,
                self,
                plan.target()),
            options,
            System::nanoTime,
            System.currentTimeMillis(),
            ports::bytes,
            ports.content::view,
            ports.diskContent::view);
    boolean _ = told.complete(record);
    OutgoingMigration migration =
        new OutgoingMigration(
            plan, initial, hypervisor, ports, new Around(plan, peer, ports), record, leaving);
    running.put(plan.id(), migration);
    migration.whenSettled(
        () -> {
          boolean left = migration.record().outcome().equals(Optional.of(Outcome.COMPLETED));
          if (left) {
            contents.disksGone(plan.guest().name());
          } else if (guests.find(plan.guest().name()).isEmpty()) {
            contents.forget(plan.guest().name());
          }
          ports.delete(left ? MemoryByContent.Guest.LEFT : MemoryByContent.Guest.STAYED);
          busy.remove(plan.guest().name(), plan.id());
          running.remove(plan.id());
        });
    return migration;
  }

  MigrationView change(OutgoingMigration migration, MigrationChange change) {
    MigrationOptions old = migration.record().options();
    Optional<ByteRate> bandwidth =
        change.bandwidthBytesPerSecond().isPresent()
            ? change.bandwidthBytesPerSecond().filter(rate -> rate > 0).map(ByteRate::new)
            : old.bandwidth();
    MigrationOptions changed =
        new MigrationOptions(
            old.mode(),
            old.transport(),
            bandwidth,
            change.maxDowntimeMillis().map(Duration::ofMillis).orElse(old.maxDowntime()),
            old.parallelChannels(),
            old.dedup(),
            old.storage(),
            old.chain());
    if (change.postCopyNow().orElse(false)) {
      if (!migration.postCopyAgreed()) {
        throw Problem.usage(
                "no-postcopy",
                "Migration %s cannot switch to post-copy".formatted(migration.plan().id()),
                "Choose mode auto, hybrid or postcopy when it starts.")
            .asException();
      }
      migration.switchNow();
    }
    migration.change(changed);
    return migration.record().view();
  }

  /** A cipher that is still interpreted would measure itself, not the link. */
  private LinkSpeed probe(Peers.Peer peer) {
    try {
      Void _ = warm.get(WARM_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("measuring a link with a cold cipher");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return client.probe(peer.name(), peer.socketAddress());
  }

  /**
   * What the link may carry in the time a page request takes anyway: more would make the next
   * request wait, and pages asked for go past the limit of the bulk.
   */
  private static int readAhead(LinkSpeed speed, Optional<ByteRate> limit) {
    double seconds = 0.0005 + speed.roundTrip().toNanos() / 4e9;
    ByteRate rate = limit.filter(most -> most.compareTo(speed.rate()) < 0).orElse(speed.rate());
    return (int) Math.clamp(rate.bytesPerSecond() * seconds, 4096, 128 << 10);
  }

  private List<PeerMessage.FileDigest> files(GuestDefinition guest) {
    List<PeerMessage.FileDigest> files = new ArrayList<>();
    List<String> paths = new ArrayList<>();
    guest.kernel().ifPresent(paths::add);
    guest.initrd().ifPresent(paths::add);
    for (String path : paths) {
      files.add(
          new PeerMessage.FileDigest(
              path,
              digests
                  .of(Path.of(path))
                  .orElseThrow(
                      () ->
                          Problem.host(
                                  "file-missing",
                                  "The guest's file %s is no longer here".formatted(path),
                                  "Put it back: the target must have the same.")
                              .asException())));
    }
    return files;
  }

  private SourceBases bases(GuestDefinition guest) {
    return new SourceBases(baseDigests, baseImages, Contents.owner(guest));
  }

  /**
   * Begins to read what the guest's disks are based on, where the target may make something of it:
   * that takes as long as bases are large, and the target knows from their sizes whether it holds
   * any like them.
   */
  private CompletableFuture<Void> readBases(Wanted wanted, SourceBases bases) {
    boolean wantsNone =
        wanted.options().chain() == Chain.FLATTEN || wanted.guest().definition().disks().isEmpty();
    if (wantsNone) {
      return CompletableFuture.completedFuture(null);
    }
    List<DiskState> disks = wanted.guest().disks();
    boolean known =
        disks.stream()
            .flatMap(disk -> bases.describe(disk).stream())
            .allMatch(base -> base.digest().isPresent());
    if (known) {
      // What it is based on is offered to others, and nothing is read.
      return bases.read(disks);
    }
    try (StorageProbe probes = new StorageProbe(random)) {
      PeerMessage answer =
          new TargetInquiry(client, wanted.peer(), MigrationId.random(random))
              .ask(
                  new PeerMessage.Prepare(
                      wanted.guest().definition(),
                      wanted.options(),
                      false,
                      false,
                      qemu.version(),
                      qemu.accelerator().word(),
                      files(wanted.guest().definition()),
                      images(wanted.guest(), probes, bases),
                      0,
                      true),
                  Optional.empty());
      return answer instanceof PeerMessage.Prepared prepared
          ? bases.read(
              prepared.layers().stream()
                  .filter(layers -> layers.use() == PeerMessage.BaseUse.UNREAD)
                  .map(layers -> disks.get(layers.disk()))
                  .toList())
          : CompletableFuture.completedFuture(null);
    } catch (ProblemException e) {
      // Whatever it is, the move meets it as well.
      LOG.debug("what {} makes of bases is not known: {}", wanted.peer().name(), e.problem());
      return CompletableFuture.completedFuture(null);
    }
  }

  private static List<PeerMessage.DiskImage> images(
      QemuGuest guest, StorageProbe probes, SourceBases bases) {
    List<GuestDisk> disks = guest.definition().disks();
    if (disks.isEmpty()) {
      return List.of();
    }
    List<DiskState> states = guest.disks();
    List<PeerMessage.DiskImage> images = new ArrayList<>();
    for (int disk = 0; disk < disks.size(); disk++) {
      Path path = Path.of(disks.get(disk).path());
      try {
        Path real = path.toRealPath();
        images.add(
            new PeerMessage.DiskImage(
                states.get(disk).bytes(),
                states.get(disk).allocatedBytes(),
                real.toString(),
                probes.beside(real),
                bases.describe(states.get(disk))));
      } catch (IOException e) {
        throw Problem.host(
                "disk-missing",
                "The guest's disk %s is no longer at its place: %s".formatted(path, e),
                "Put it back: a moving guest's disk is found by its path.")
            .asException(e);
      }
    }
    return images;
  }

  /** The connections of one migration. */
  private final class Ports implements SourceDriver.Ports {
    private final OutgoingPlan plan;
    private final MigrationOptions options;
    private final Peers.Peer peer;
    private final MemoryByContent content;
    private final DisksByContent diskContent;
    private final Optional<LeavingGuest> leaving;
    private final Throttle throttle;
    private final StorageProbe probes = new StorageProbe(random);
    private final SourceBases bases;
    private volatile List<PeerMessage.DiskImage> images = List.of();
    private volatile List<PeerMessage.DiskLayers> layers = List.of();
    private final MigrationFolder folder;
    private volatile Optional<ByteRate> link = Optional.empty();
    private Optional<SourceTunnel> tunnel = Optional.empty();
    private Optional<SourceDiskChannels> disks = Optional.empty();
    private Optional<ControlLink> control = Optional.empty();

    Ports(
        OutgoingPlan plan,
        MigrationOptions options,
        Peers.Peer peer,
        Optional<LeavingGuest> leaving) {
      this.plan = plan;
      this.options = options;
      this.peer = peer;
      this.content =
          new MemoryByContent(
              plan.id(), options.dedup(), this::carries, () -> contents.checkpoint(plan.guest()));
      this.diskContent = new DisksByContent(options.dedup());
      this.leaving = leaving;
      this.bases = Departures.this.bases(plan.guest());
      this.throttle = new Throttle(options.bandwidth());
      this.folder = MigrationFolder.of(runDirectory, plan.id());
    }

    /** What the migration may send, once the link has been measured. */
    private Optional<ByteRate> carries() {
      return link.map(
          measured ->
              throttle.rate().filter(limit -> limit.compareTo(measured) < 0).orElse(measured));
    }

    @Override
    public SourceChannels channels(Consumer<SourceEvent> events) {
      if (options.transport() != Transport.TUNNEL) {
        return new NativeSourceChannels(options.transport(), peer.address(), peer.name());
      }
      SourceTunnel made =
          new SourceTunnel(
              plan.id(),
              folder.path(),
              new ChannelNames(
                  plan.urgentChannel() && plan.postCopyWanted(), options.parallelChannels()),
              plan.guest().memory().bytes(),
              content,
              purpose -> client.channel(peer.name(), peer.socketAddress(), purpose),
              (kept, toTarget, fromTarget) ->
                  StreamReplay.play(kept, guests.get(plan.guest().name()), toTarget, fromTarget),
              throttle,
              events);
      tunnel = Optional.of(made);
      return made;
    }

    @Override
    public SourceDisks disks(Consumer<SourceEvent> events) {
      SourceDiskChannels made =
          new SourceDiskChannels(
              plan.id(),
              plan.guest(),
              options.storage(),
              folder.path(),
              () -> guests.get(plan.guest().name()).disks(),
              () -> layers,
              diskContent,
              purpose -> client.channel(peer.name(), peer.socketAddress(), purpose),
              throttle,
              events);
      disks = Optional.of(made);
      return made;
    }

    @Override
    public PeerLink peer(Consumer<SourceEvent> events) {
      ControlLink link =
          new ControlLink(
              plan.id().value(),
              () -> client.control(peer.name(), peer.socketAddress(), plan.id()),
              event -> hear(event, events));
      control = Optional.of(link);
      return leaving.<PeerLink>map(guest -> new ContinuousLink(link, guest)).orElse(link);
    }

    /** What is said of the guest's network is not the migration's business. */
    private void hear(SourceEvent event, Consumer<SourceEvent> events) {
      if (event instanceof SourceEvent.FromPeer(PeerMessage.Continuity(Blob content))) {
        try {
          leaving.ifPresent(guest -> guest.heard(content.bytes()));
        } catch (ProblemException e) {
          LOG.warn("migration={} guest={} {}", plan.id(), plan.guest().name(), e.problem());
        }
      } else {
        events.accept(event);
      }
    }

    List<MigrationView.ChannelBytes> bytes() {
      List<MigrationView.ChannelBytes> bytes = new ArrayList<>();
      tunnel.map(SourceTunnel::bytes).ifPresent(bytes::addAll);
      disks.map(SourceDiskChannels::bytes).ifPresent(bytes::addAll);
      return bytes;
    }

    void delete(MemoryByContent.Guest guest) {
      probes.close();
      disks.ifPresent(SourceDiskChannels::close);
      tunnel.ifPresent(SourceTunnel::close);
      folder.delete();
      content.ended(guest);
    }
  }

  private final class Around implements OutgoingMigration.Surroundings {
    private final OutgoingPlan plan;
    private final Peers.Peer peer;
    private final Ports ports;

    Around(OutgoingPlan plan, Peers.Peer peer, Ports ports) {
      this.plan = plan;
      this.peer = peer;
      this.ports = ports;
    }

    @Override
    public void journal(OutgoingMigration migration, SourceState state) {
      store.keep(
          plan.id(),
          new MigrationEntry(
              migration.record().view(),
              migration.record().options(),
              Optional.of(new MigrationEntry.OutgoingPart(plan, state)),
              Optional.empty()));
    }

    @Override
    public void changed(OutgoingMigration migration) {
      store.show(migration.record().view());
    }

    @Override
    public void over() {
      busy.remove(plan.guest().name(), plan.id());
    }

    @Override
    public void limit(Optional<ByteRate> bandwidth) {
      ports.throttle.change(bandwidth);
    }

    @Override
    public Optional<ByteRate> measureLink() {
      LinkSpeed speed = probe(peer);
      ports.link = Optional.of(speed.rate());
      ports.content.limitInFlight(
          Math.clamp(
              speed.rate().bytesPerSecond() / 100,
              Relay.inFlightFor(speed.rate(), speed.roundTrip()),
              64 << 20));
      // Post-copy's page requests share the link with the bulk: short queues keep them quick.
      if (plan.postCopyWanted()) {
        ports.tunnel.ifPresent(
            tunnel -> {
              tunnel.limitInFlight(Relay.inFlightFor(speed.rate(), speed.roundTrip()));
              tunnel.readAhead(readAhead(speed, ports.options.bandwidth()));
            });
      }
      return Optional.of(speed.rate());
    }

    @Override
    public Duration roundTrip() {
      return ports.control.map(ControlLink::roundTrip).orElse(Duration.ZERO);
    }

    @Override
    public boolean ordersPages() {
      return ports.tunnel.isPresent();
    }

    @Override
    public void sendFirst(List<MemoryRange> ranges, PageRequests.When when) {
      ports.tunnel.ifPresent(tunnel -> tunnel.sendFirst(ranges, when));
    }

    @Override
    public Duration stallTimeout() {
      return stallTimeout;
    }

    @Override
    public Path nativeTlsDirectory() {
      return nativeTlsDirectory.get();
    }

    @Override
    public List<PeerMessage.DiskImage> images() {
      ports.images = Departures.images(guests.get(plan.guest().name()), ports.probes, ports.bases);
      return ports.images;
    }

    @Override
    public void readBases(OutgoingMigration migration, CompletableFuture<Void> givenUp) {
      try {
        Wanted wanted =
            new Wanted(guests.get(plan.guest().name()), peer, migration.record().options());
        Object _ =
            CompletableFuture.anyOf(Departures.this.readBases(wanted, ports.bases), givenUp).join();
      } catch (CompletionException e) {
        String reason =
            Optional.ofNullable(e.getCause()).map(Throwable::getMessage).orElse("no reason");
        migration
            .record()
            .warn(
                Problem.host(
                    "base-unread",
                    "What a disk is based on could not be read: " + reason,
                    "See that qemu-nbd (qemu-utils) is there and nobody writes to the base."));
      } catch (ProblemException e) {
        // The move meets it as well, and tells it.
        LOG.debug("migration={} its bases are not read: {}", plan.id(), e.problem());
      }
    }

    @Override
    public void decided(OutgoingMigration migration, List<PeerMessage.DiskLayers> layers) {
      ports.layers = layers;
      migration.record().layers(LayersViews.of(plan.guest(), ports.images, layers));
    }

    @Override
    public void forgetProbes() {
      ports.probes.close();
    }

    @Override
    public List<PeerMessage.FileDigest> files() {
      return Departures.this.files(plan.guest());
    }
  }
}
