package io.drover.agent;

import io.drover.api.GuestView;
import io.drover.api.MigrationView;
import io.drover.chunk.WrittenDisk;
import io.drover.migration.TargetChannels;
import io.drover.migration.TargetEffect;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetHypervisor;
import io.drover.migration.TargetMachine;
import io.drover.migration.TargetState;
import io.drover.migration.TransferSettings;
import io.drover.model.ByteSize;
import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.GuestState;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.model.Transport;
import io.drover.network.ArrivingGuest;
import io.drover.network.Continuity;
import io.drover.network.NameService;
import io.drover.network.Redirects;
import io.drover.qemu.ArrivingDisks;
import io.drover.qemu.QemuGuest;
import io.drover.qemu.QemuLauncher;
import io.drover.qemu.QemuTarget;
import io.drover.tunnel.ControlConnection;
import io.drover.tunnel.ControlEnd;
import io.drover.tunnel.ControlListener;
import io.drover.tunnel.PeerHandler;
import io.drover.tunnel.Tickets;
import io.drover.tunnel.TlsChannel;
import io.drover.wire.Blob;
import io.drover.wire.PeerMessage;
import io.drover.wire.Purpose;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The guests on their way onto this host, and what other hosts may do here. */
final class Arrivals implements PeerHandler {
  private static final Duration DISCARD_PATIENCE = Duration.ofSeconds(15);
  private static final Logger LOG = LoggerFactory.getLogger(Arrivals.class);

  private final HostName self;
  private final QemuLauncher launcher;
  private final ArrivalChecks checks;
  private final Guests guests;
  private final Peers peers;
  private final Tickets tickets;
  private final MigrationStore store;
  private final Contents contents;
  private final BaseImages bases;
  private final Path runDirectory;
  private final String listenAddress;
  private final Supplier<Path> nativeTlsDirectory;
  private final int limit;
  private final Continuity continuity;
  private final Redirects redirects;
  private final NameService names;
  private final Map<ControlConnection, byte[]> offers = new ConcurrentHashMap<>();
  private final Map<MigrationId, Arrival> running = new ConcurrentHashMap<>();

  /** One of them, with what it is made of. */
  private static final class Arrival {
    private final PeerMessage.Prepare prepare;
    private final QemuTarget hypervisor;
    private final Optional<TargetTunnel> tunnel;
    private final TargetDiskChannels disks;
    private final IncomingMigration migration;

    Arrival(
        PeerMessage.Prepare prepare,
        QemuTarget hypervisor,
        Optional<TargetTunnel> tunnel,
        TargetDiskChannels disks,
        IncomingMigration migration) {
      this.prepare = prepare;
      this.hypervisor = hypervisor;
      this.tunnel = tunnel;
      this.disks = disks;
      this.migration = migration;
    }
  }

  Arrivals(
      HostName self,
      QemuLauncher launcher,
      ArrivalChecks checks,
      Guests guests,
      Peers peers,
      Tickets tickets,
      MigrationStore store,
      Contents contents,
      BaseImages bases,
      Path runDirectory,
      String listenAddress,
      Supplier<Path> nativeTlsDirectory,
      int limit,
      Continuity continuity,
      Redirects redirects,
      NameService names) {
    this.self = self;
    this.launcher = launcher;
    this.checks = checks;
    this.guests = guests;
    this.peers = peers;
    this.tickets = tickets;
    this.store = store;
    this.contents = contents;
    this.bases = bases;
    this.runDirectory = runDirectory;
    this.listenAddress = listenAddress;
    this.nativeTlsDirectory = nativeTlsDirectory;
    this.limit = limit;
    this.continuity = continuity;
    this.redirects = redirects;
    this.names = names;
  }

  Optional<IncomingMigration> find(MigrationId id) {
    return Optional.ofNullable(running.get(id)).map(arrival -> arrival.migration);
  }

  Optional<String> migrationOf(GuestName guest) {
    return running.values().stream()
        .map(arrival -> arrival.migration.record())
        .filter(record -> record.subject().guest().equals(guest) && !record.hasEnded())
        .map(record -> record.subject().id().value())
        .findFirst();
  }

  /** Guests that have a process here and are not yet this host's for good. */
  List<GuestView> views() {
    List<GuestView> views = new ArrayList<>();
    for (Arrival arrival : running.values()) {
      TargetState state = arrival.migration.state();
      arrival
          .hypervisor
          .guest()
          .filter(guest -> state.stage() != TargetState.Stage.ENDED)
          .ifPresent(
              guest ->
                  views.add(
                      !state.mayHaveRun()
                          ? guests.viewOf(guest, GuestState.ARRIVING)
                          // Its QEMU would not answer, or call running what stands still.
                          : state.waits()
                              ? guests.viewOf(guest, GuestState.WAITING)
                              : guests.viewOf(guest)));
    }
    return views;
  }

  // ---- PeerHandler ----

  @Override
  public Optional<Problem> permit(HostName peer, Purpose purpose) {
    return switch (purpose) {
      case Purpose.Control(MigrationId migration) ->
          peers.mayReceiveFrom(peer).or(() -> foreign(peer, migration));
      case Purpose.Channel channel ->
          peers.mayReceiveFrom(peer).or(() -> foreign(peer, channel.migration()));
      case Purpose.Probe() -> peers.mayReceiveFrom(peer);
      case Purpose.Redirect(), Purpose.Names() -> peers.mayExchange(peer);
    };
  }

  /** A migration belongs to the host that began it. */
  private Optional<Problem> foreign(HostName peer, MigrationId migration) {
    Optional<HostName> source =
        find(migration)
            .map(IncomingMigration::source)
            .or(
                () ->
                    store
                        .entry(migration)
                        .flatMap(MigrationEntry::incoming)
                        .map(MigrationEntry.IncomingPart::source));
    return source
        .filter(owner -> !owner.equals(peer))
        .map(
            owner ->
                Problem.peer(
                    "foreign-migration",
                    "Migration %s is not host '%s''s".formatted(migration, peer),
                    "Only the host that began it may go on with it."));
  }

  @Override
  public void channel(HostName peer, Purpose.Channel purpose, TlsChannel channel) {
    Optional<Arrival> arrival = Optional.ofNullable(running.get(purpose.migration()));
    if (arrival.isPresent() && purpose.isDisk()) {
      arrival.get().disks.accept(purpose, channel);
      return;
    }
    Optional<TargetTunnel> tunnel = arrival.flatMap(found -> found.tunnel);
    if (tunnel.isPresent()) {
      tunnel.get().accept(purpose, channel);
      return;
    }
    LOG.warn("migration={} host={} a channel for nothing that arrives", purpose.migration(), peer);
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("closing a refused channel", e);
    }
  }

  @Override
  public void redirect(HostName peer, TlsChannel channel) {
    redirects.accept(peer, new TunnelledChannel(channel));
  }

  @Override
  public void names(HostName peer, TlsChannel channel) {
    names.accept(peer, new TunnelledChannel(channel));
  }

  @Override
  public void control(ControlConnection connection) {
    MigrationId id = connection.migration();
    find(id).ifPresent(migration -> migration.attach(connection));
    connection.start(
        new ControlListener() {
          @Override
          public void received(PeerMessage message) {
            hear(connection, message);
          }

          @Override
          public void ended(ControlEnd end) {
            offers.remove(connection);
            find(id).ifPresent(migration -> migration.detached(connection, end.toString()));
          }
        });
  }

  private void hear(ControlConnection connection, PeerMessage message) {
    MigrationId id = connection.migration();
    Optional<IncomingMigration> known = find(id);
    if (known.isEmpty() && message instanceof PeerMessage.Continuity(Blob content)) {
      offers.put(connection, content.bytes());
    } else if (known.isPresent()) {
      known.get().received(connection, message);
    } else {
      hearOfUnknown(connection, id, message);
    }
  }

  private void hearOfUnknown(ControlConnection connection, MigrationId id, PeerMessage message) {
    Optional<MigrationEntry.IncomingPart> past = store.entry(id).flatMap(MigrationEntry::incoming);
    if (past.isPresent()
        && message instanceof PeerMessage.Prepare prepare
        && prepare.generation() > past.get().state().generation()
        && !past.get().state().mayHaveRun()) {
      Arrival arrival = again(id, past.get(), offerOf(connection));
      arrival.migration.attach(connection);
      arrival.migration.rebuild(prepare);
    } else if (past.isPresent()) {
      answer(connection, past.get().state(), message);
    } else if (message instanceof PeerMessage.Prepare prepare) {
      prepare(connection, prepare);
    } else if (message instanceof PeerMessage.Abort) {
      connection.send(new PeerMessage.Aborted());
    } else {
      connection.send(new PeerMessage.TargetStatus(PeerMessage.TargetStage.UNKNOWN, false));
    }
  }

  /** What a migration that has ended here still answers; it has nothing left to do. */
  private static void answer(
      ControlConnection connection, TargetState ended, PeerMessage question) {
    for (TargetEffect effect :
        TargetMachine.step(ended, new TargetEvent.FromPeer(question)).effects()) {
      if (effect instanceof TargetEffect.Send(PeerMessage reply)) {
        connection.send(reply);
      }
    }
  }

  private void prepare(ControlConnection connection, PeerMessage.Prepare prepare) {
    discardEarlier(connection.peer(), prepare);
    Optional<String> taken =
        guests
            .taken(prepare.guest())
            .or(() -> guests.unsure(prepare.guest().name()))
            .or(() -> arriving(prepare));
    ArrivalChecks.Findings findings = checks.examine(prepare, promised(), taken);
    List<Problem> problems = new ArrayList<>(findings.problems());
    if (running.size() >= limit) {
      problems.add(
          ArrivalChecks.Check.ROOM.problem(
              "%d guests arrive at the target already".formatted(running.size()),
              "Wait for one to end, or raise its 'max-migrations'."));
    }
    Optional<ArrivingGuest> planned = continuity(prepare, offerOf(connection), step -> {});
    planned.ifPresent(guest -> problems.addAll(guest.problems()));
    PeerMessage.Prepared answer =
        new PeerMessage.Prepared(
            launcher.program().version(),
            findings.postCopy(),
            findings.disks(),
            findings.layers(),
            findings.warnings());
    if (!problems.isEmpty()) {
      connection.send(new PeerMessage.Refused(problems));
    } else if (prepare.dryRun()) {
      planned.ifPresent(guest -> connection.send(continuous(guest.answer())));
      connection.send(answer);
    } else {
      receive(connection, prepare, answer);
    }
  }

  private Optional<byte[]> offerOf(ControlConnection connection) {
    return Optional.ofNullable(offers.get(connection));
  }

  private Optional<ArrivingGuest> continuity(
      PeerMessage.Prepare prepare, Optional<byte[]> offer, Consumer<ContinuityStep> told) {
    return prepare.guest().networkCards().isEmpty()
        ? Optional.empty()
        : Optional.of(
            continuity.arriving(
                prepare.guest().name(), GuestPorts.of(prepare.guest()), offer, told));
  }

  private static PeerMessage continuous(byte[] content) {
    return new PeerMessage.Continuity(new Blob(content));
  }

  /**
   * A source that begins anew has given its earlier try up, whether or not word of that got here;
   * an arrival that was never committed stands in the way of nothing.
   */
  private void discardEarlier(HostName source, PeerMessage.Prepare prepare) {
    if (prepare.dryRun()) {
      return;
    }
    for (Arrival arrival : running.values()) {
      if (arrival.prepare.guest().uuid().equals(prepare.guest().uuid())
          && arrival.migration.source().equals(source)
          && !arrival.migration.state().committed()) {
        arrival.migration.post(
            new TargetEvent.FromPeer(new PeerMessage.Abort("the source began anew")));
        try {
          arrival
              .migration
              .settled()
              .copy()
              .orTimeout(DISCARD_PATIENCE.toSeconds(), TimeUnit.SECONDS)
              .join();
        } catch (CompletionException e) {
          // It is found to arrive already, and that is what the source is told.
          LOG.warn(
              "migration={} does not end, and its source begins anew",
              arrival.migration.record().subject().id(),
              e);
        }
      }
    }
  }

  private Optional<String> arriving(PeerMessage.Prepare prepare) {
    return running.values().stream()
        .filter(
            arrival ->
                arrival.prepare.guest().uuid().equals(prepare.guest().uuid())
                    || arrival.prepare.guest().name().equals(prepare.guest().name()))
        .map(
            arrival ->
                "Guest '%s' arrives at the target already, in migration %s"
                    .formatted(
                        arrival.prepare.guest().name(), arrival.migration.record().subject().id()))
        .findFirst();
  }

  private ByteSize promised() {
    long bytes = 0;
    for (Arrival arrival : running.values()) {
      if (!arrival.migration.state().received()) {
        bytes += arrival.prepare.guest().memory().bytes();
      }
    }
    return new ByteSize(bytes);
  }

  private void receive(
      ControlConnection connection, PeerMessage.Prepare prepare, PeerMessage.Prepared answer) {
    TransferSettings settings =
        new TransferSettings(
            answer.postCopy(),
            answer.postCopy() && prepare.urgentChannel(),
            prepare.options().parallelChannels(),
            0,
            Duration.ofMillis(prepare.options().maxDowntime().toMillis()),
            false,
            !answer.disks().isEmpty(),
            prepare.options().transport() == Transport.NATIVE_TLS
                ? Optional.of(nativeTlsDirectory.get())
                : Optional.empty());
    QemuTarget hypervisor =
        new QemuTarget(
            launcher,
            prepare.guest(),
            ArrivingDisks.toBeMade(
                prepare.guest(), arriving(prepare, answer.disks(), answer.layers())));
    Arrival arrival =
        make(
            connection.migration(),
            connection.peer(),
            prepare,
            answer,
            settings,
            answer.disks().isEmpty() ? TargetState.initial() : TargetState.initial().withDisks(),
            hypervisor,
            offerOf(connection));
    arrival.migration.attach(connection);
    arrival.migration.begin();
  }

  /** Carries on with one that an earlier run of the agent was receiving. */
  void resume(MigrationEntry entry, MigrationEntry.IncomingPart part) {
    Optional<QemuGuest> living = launcher.find(part.prepare().guest());
    ArrivingDisks disks = disksOf(part);
    QemuTarget hypervisor =
        living
            .map(
                guest ->
                    part.state().mayHaveRun()
                        ? QemuTarget.foundRunning(launcher, guest, disks)
                        : QemuTarget.foundWaiting(launcher, guest, disks))
            .orElseGet(() -> new QemuTarget(launcher, part.prepare().guest(), disks));
    Arrival arrival = again(new MigrationId(entry.view().id()), part, hypervisor, Optional.empty());
    arrival.migration.record().continues(entry.view());
    arrival.migration.resume();
  }

  private Arrival again(MigrationId id, MigrationEntry.IncomingPart part, Optional<byte[]> offer) {
    return again(id, part, new QemuTarget(launcher, part.prepare().guest(), disksOf(part)), offer);
  }

  private static ArrivingDisks disksOf(MigrationEntry.IncomingPart part) {
    return ArrivingDisks.foundAgain(
        part.prepare().guest(), arriving(part.prepare(), part.disks(), part.layers()));
  }

  private static List<ArrivingDisks.ArrivingDisk> arriving(
      PeerMessage.Prepare prepare, List<Integer> moving, List<PeerMessage.DiskLayers> layers) {
    return moving.stream()
        .map(
            disk -> {
              PeerMessage.DiskImage image = prepare.images().get(disk);
              return new ArrivingDisks.ArrivingDisk(
                  disk,
                  image.size(),
                  layers.stream()
                      .filter(each -> each.disk() == disk)
                      .flatMap(each -> base(each, image).stream())
                      .findFirst());
            })
        .toList();
  }

  private static Optional<ArrivingDisks.ArrivingBase> base(
      PeerMessage.DiskLayers layers, PeerMessage.DiskImage image) {
    return layers
        .base()
        .map(
            base ->
                new ArrivingDisks.ArrivingBase(
                    Path.of(base.path()),
                    base.format(),
                    layers.use() == PeerMessage.BaseUse.ON_COPY
                        ? image.base().map(PeerMessage.BaseImage::size)
                        : Optional.empty()));
  }

  /** Images that guests on their way here are going to write to, or that are being copied here. */
  List<Path> arrivingImages() {
    return running.values().stream()
        .filter(arrival -> !arrival.migration.record().hasEnded())
        .flatMap(arrival -> arrival.hypervisor.disks().images().stream())
        .toList();
  }

  private Arrival again(
      MigrationId id,
      MigrationEntry.IncomingPart part,
      QemuTarget hypervisor,
      Optional<byte[]> offer) {
    return make(
        id,
        part.source(),
        part.prepare(),
        new PeerMessage.Prepared(
            launcher.program().version(),
            part.settings().postCopy(),
            part.disks(),
            part.layers(),
            List.of()),
        part.settings(),
        part.state(),
        hypervisor,
        offer);
  }

  private Arrival make(
      MigrationId id,
      HostName source,
      PeerMessage.Prepare prepare,
      PeerMessage.Prepared answer,
      TransferSettings settings,
      TargetState initial,
      QemuTarget hypervisor,
      Optional<byte[]> offer) {
    Optional<TargetTunnel> tunnel =
        prepare.options().transport() == Transport.TUNNEL
            ? Optional.of(
                new TargetTunnel(
                    id,
                    source,
                    MigrationFolder.of(runDirectory, id),
                    new ChannelNames(settings.urgentChannel(), settings.parallelChannels()),
                    tickets,
                    held(id, prepare),
                    reason ->
                        find(id)
                            .ifPresent(
                                migration ->
                                    migration.post(new TargetEvent.ChannelsBroken(reason)))))
            : Optional.empty();
    TargetChannels channels =
        tunnel
            .<TargetChannels>map(made -> made)
            .orElseGet(
                () ->
                    new NativeTargetChannels(prepare.options().transport(), listenAddress, source));
    TargetDiskChannels disks =
        new TargetDiskChannels(id, source, hypervisor, tickets, contentOfDisks(prepare));
    MigrationRecord record =
        new MigrationRecord(
            new MigrationRecord.Subject(
                id,
                prepare.guest().name(),
                prepare.guest().memory().bytes(),
                MigrationRecord.Role.TARGET,
                source,
                self),
            prepare.options(),
            System::nanoTime,
            System.currentTimeMillis(),
            () -> bytes(tunnel, disks),
            () -> tunnel.flatMap(TargetTunnel::content),
            disks::content);
    record.layers(LayersViews.of(prepare.guest(), prepare.images(), answer.layers()));
    Optional<ArrivingGuest> arriving =
        continuity(
            prepare,
            offer,
            step -> {
              record.continuity(step);
              // Others are told in their own time.
              if (record.hasEnded()) {
                store.show(record.view());
              }
            });
    TargetHypervisor continuous =
        arriving
            .<TargetHypervisor>map(
                guest ->
                    new ContinuousTarget(
                        hypervisor,
                        guest,
                        report ->
                            find(id).ifPresent(migration -> migration.send(continuous(report)))))
            .orElse(hypervisor);
    IncomingMigration migration =
        new IncomingMigration(
            record,
            source,
            answer,
            settings,
            initial,
            continuous,
            channels,
            disks,
            arriving,
            new Around(id, source, prepare, answer, settings, tunnel));
    Arrival arrival = new Arrival(prepare, hypervisor, tunnel, disks, migration);
    running.put(id, arrival);
    return arrival;
  }

  private Optional<Supplier<HeldChunks>> held(MigrationId id, PeerMessage.Prepare prepare) {
    return contents.areUsable() && prepare.options().mayUseContent()
        ? Optional.of(() -> contents.heldFor(id.value(), Contents.owner(prepare.guest())))
        : Optional.empty();
  }

  private Optional<TargetDiskChannels.Content> contentOfDisks(PeerMessage.Prepare prepare) {
    if (!contents.areUsable() || !prepare.options().mayUseContentForDisks()) {
      return Optional.empty();
    }
    return Optional.of(
        new TargetDiskChannels.Content() {
          @Override
          public HeldChunks held() {
            return contents.heldForDisks(Contents.owner(prepare.guest()));
          }

          @Override
          public Optional<WrittenDisk> names(int disk) {
            return contents.arriving(prepare.guest(), disk);
          }
        });
  }

  private static List<MigrationView.ChannelBytes> bytes(
      Optional<TargetTunnel> tunnel, TargetDiskChannels disks) {
    List<MigrationView.ChannelBytes> bytes = new ArrayList<>();
    tunnel.map(TargetTunnel::bytes).ifPresent(bytes::addAll);
    bytes.addAll(disks.bytes());
    return bytes;
  }

  private final class Around implements IncomingMigration.Surroundings {
    private final MigrationId id;
    private final HostName source;
    private final PeerMessage.Prepare prepare;
    private final PeerMessage.Prepared answer;
    private final TransferSettings settings;
    private final Optional<TargetTunnel> tunnel;

    Around(
        MigrationId id,
        HostName source,
        PeerMessage.Prepare prepare,
        PeerMessage.Prepared answer,
        TransferSettings settings,
        Optional<TargetTunnel> tunnel) {
      this.id = id;
      this.source = source;
      this.prepare = prepare;
      this.answer = answer;
      this.settings = settings;
      this.tunnel = tunnel;
    }

    @Override
    public void journal(IncomingMigration migration, TargetState state) {
      store.keep(
          id,
          new MigrationEntry(
              migration.record().view(),
              prepare.options(),
              Optional.empty(),
              Optional.of(
                  new MigrationEntry.IncomingPart(
                      source, prepare, answer.disks(), answer.layers(), settings, state))));
    }

    @Override
    public void changed(IncomingMigration migration) {
      store.show(migration.record().view());
    }

    @Override
    public void adopt(IncomingMigration migration) {
      Optional.ofNullable(running.get(id))
          .flatMap(arrival -> arrival.hypervisor.guest())
          .ifPresent(guests::adopt);
    }

    @Override
    public void ended(IncomingMigration migration) {
      if (!migration.record().outcome().equals(Optional.of(Outcome.COMPLETED))) {
        contents.disksGone(prepare.guest().name());
      } else if (guests.find(prepare.guest().name()).isEmpty()) {
        contents.forget(prepare.guest().name()); // it ended as soon as it was here
      } else {
        offerBases();
      }
      tunnel.ifPresent(TargetTunnel::delete);
      running.remove(id);
    }

    /** What was copied once need not be copied for the next guest, nor when this one returns. */
    private void offerBases() {
      for (PeerMessage.DiskLayers layers : answer.layers()) {
        if (layers.use() == PeerMessage.BaseUse.ON_COPY) {
          layers
              .base()
              .ifPresent(
                  base ->
                      bases.offer(
                          new BaseFiles(List.of(Path.of(base.path())), base.format()),
                          Contents.owner(prepare.guest())));
        }
      }
    }
  }
}
