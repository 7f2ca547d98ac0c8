package io.drover.agent;

import io.drover.api.CheckReport;
import io.drover.api.Decision;
import io.drover.api.EventSource;
import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.HostView;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.NetworkView;
import io.drover.api.ProblemView;
import io.drover.api.StopManner;
import io.drover.api.StoreJobView;
import io.drover.api.StoreOrder;
import io.drover.api.StoreView;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceState;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetState;
import io.drover.model.GuestName;
import io.drover.model.GuestState;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.network.Continuity;
import io.drover.network.GuestPort;
import io.drover.network.HostNetwork;
import io.drover.network.LinuxNetwork;
import io.drover.network.NameService;
import io.drover.network.Redirects;
import io.drover.qemu.ImageServer;
import io.drover.qemu.QemuGuest;
import io.drover.qemu.QemuLauncher;
import io.drover.qemu.QemuProgram;
import io.drover.tunnel.ControlConnection;
import io.drover.tunnel.Credentials;
import io.drover.tunnel.Port;
import io.drover.tunnel.PortClient;
import io.drover.tunnel.Tickets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One host's agent, put together: what runs between {@link #start} and {@link #close}. */
final class Agent implements AgentService, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
  private static final Duration TICKET_VALIDITY = Duration.ofSeconds(60);
  private static final Duration POWER_DOWN_GRACE = Duration.ofSeconds(30);

  /** A source waits for an answer meanwhile. */
  private static final Duration BASE_PATIENCE = Duration.ofSeconds(8);

  private final AgentConfiguration configuration;
  private final AgentLock agentLock;
  private final QemuProgram qemu;
  private final SecureRandom random = new SecureRandom();
  private final AtomicLong opened = new AtomicLong();
  private final CompletableFuture<Void> warm = new CompletableFuture<>();
  private final EventFeed events = new EventFeed(InstantSource.system());
  private final JournalRecords records;
  private final Peers peers;
  private final Guests guests;
  private final MigrationStore store;
  private final Contents contents;
  private final StoreWork storeWork;
  private final Redirects redirects;
  private final NameService names;
  private final Continuity continuity;
  private final Departures departures;
  private final Arrivals arrivals;
  private final Port port;
  private final LocalApi localApi;

  private Agent(AgentConfiguration configuration, AgentLock agentLock) {
    this.configuration = configuration;
    this.agentLock = agentLock;
    qemu = probe(configuration);
    LOG.info("QEMU {} with {}", qemu.version(), qemu.accelerator().word());
    Credentials credentials =
        Credentials.load(
            configuration.tls().authority(),
            configuration.tls().certificate(),
            configuration.tls().key());
    records = new JournalRecords(Journal.open(configuration.stateDirectory()));
    Path runDirectory = configuration.runDirectory();
    QemuLauncher launcher =
        new QemuLauncher(qemu, runDirectory, () -> Long.toHexString(random.nextLong()));
    peers =
        new Peers(
            configuration.peers().entrySet().stream()
                .map(
                    entry ->
                        new Peers.Peer(
                            entry.getKey(),
                            entry.getValue().address().host(),
                            entry.getValue().address().port(),
                            entry.getValue().send().isGranted(),
                            entry.getValue().receive().isGranted(),
                            entry.getValue().trustedPath().isGranted()))
                .toList());
    contents =
        Contents.open(configuration.store(), Clock.systemUTC(), Runtime.getRuntime().maxMemory());
    Duration silence = configuration.heartbeatTimeout();
    ControlConnection.Timing timing =
        new ControlConnection.Timing(ControlConnection.Timing.DEFAULT.heartbeat(), silence);
    PortClient client =
        new PortClient(
            credentials,
            configuration.name(),
            new PortClient.Limits(
                PortClient.Limits.DEFAULT.connect(),
                PortClient.Limits.DEFAULT.introduction(),
                timing));
    HostNetwork network = new LinuxNetwork();
    redirects =
        new Redirects(
            configuration.name(),
            configuration.network(),
            network,
            new RedirectDialer(peers, client),
            records);
    names =
        NameService.open(
            configuration.name(),
            configuration.network().nameService(),
            peers.exchanging(),
            peer -> new TunnelledChannel(client.names(peer, peers.exchangingAddress(peer))),
            redirects);
    redirects.start();
    continuity =
        new Continuity(configuration.name(), network, redirects, names, configuration.network());
    guests = new Guests(launcher, records, events::publish, new GuestsContinuity(continuity));
    store = new MigrationStore(records, configuration.migrationHistory(), events::publish);
    FileDigests digests = new FileDigests();
    BaseDigests baseDigests =
        new BaseDigests(
            this::digest,
            contents.areUsable()
                ? Optional.of(contents.directory().resolve("bases.json"))
                : Optional.empty(),
            Clock.systemUTC());
    BaseImages baseImages =
        new BaseImages(baseDigests, contents::imagesFor, this::isWritten, BASE_PATIENCE);
    storeWork = new StoreWork(contents, baseImages);
    NativeTls nativeTls = new NativeTls(configuration.tls(), runDirectory.resolve("native-tls"));
    departures =
        new Departures(
            configuration.name(),
            qemu,
            guests,
            peers,
            client,
            digests,
            store,
            contents,
            baseDigests,
            baseImages,
            runDirectory,
            nativeTls::directory,
            random,
            configuration.maxMigrations(),
            configuration.stallTimeout(),
            warm,
            continuity);
    Tickets tickets = new Tickets(random, TICKET_VALIDITY);
    arrivals =
        new Arrivals(
            configuration.name(),
            launcher,
            new ArrivalChecks(qemu, digests, HostMemory::now, baseImages),
            guests,
            peers,
            tickets,
            store,
            contents,
            baseImages,
            runDirectory,
            configuration.listen().host(),
            nativeTls::directory,
            configuration.maxMigrations(),
            continuity,
            redirects,
            names);
    guests.showMigrations(
        guest -> departures.migrationOf(guest).or(() -> arrivals.migrationOf(guest)));
    guests.whenGone(contents::forget);
    restore();
    names.start();
    port =
        Port.open(
            new InetSocketAddress(configuration.listen().host(), configuration.listen().port()),
            credentials,
            configuration.name(),
            tickets,
            arrivals,
            new OperatorApi(configuration.operators(), ApiRoutes.of(this)),
            new Port.Limits(
                Port.Limits.DEFAULT.introduction(), Port.Limits.DEFAULT.unauthenticated(), timing));
    localApi = LocalApi.listen(configuration.socket(), ApiRoutes.of(this));
    Thread.ofPlatform()
        .daemon()
        .name("warmup")
        .start(
            () -> {
              try {
                Warmup.run(credentials, runDirectory);
                continuity.warmUp();
              } catch (IOException e) {
                LOG.warn("the warm-up failed: {}", e.getMessage());
              } finally {
                warm.complete(null);
              }
            });
  }

  /** Starts the agent; what is wrong with the host or the configuration is a problem. */
  static Agent start(AgentConfiguration configuration) {
    AgentLock lock = AgentLock.take(configuration.runDirectory());
    try {
      Agent agent = new Agent(configuration, lock);
      LOG.info(
          "host {} listens at {} and on {}",
          configuration.name(),
          configuration.listen(),
          configuration.socket());
      return agent;
    } catch (RuntimeException e) {
      try {
        lock.close();
      } catch (IOException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  private static QemuProgram probe(AgentConfiguration configuration) {
    io.drover.qemu.Accelerator accelerator =
        switch (configuration.accelerator()) {
          case AUTO -> io.drover.qemu.Accelerator.ofHost();
          case KVM -> io.drover.qemu.Accelerator.KVM;
          case TCG -> io.drover.qemu.Accelerator.TCG;
        };
    return QemuProgram.probe(configuration.qemu(), accelerator);
  }

  private String digest(BaseFiles image) throws IOException {
    Path socket =
        configuration.runDirectory().resolve("image-%d.sock".formatted(opened.incrementAndGet()));
    try (ImageServer open = ImageServer.open(image.uppermost(), image.format(), socket)) {
      return BaseDigest.of(open.device());
    }
  }

  /** Whether an image is somebody's disk, or is to be. */
  private boolean isWritten(Path image) {
    return Stream.concat(guests.images().stream(), arrivals.arrivingImages().stream())
            .anyMatch(disk -> isSame(disk, image))
        || ImageWriters.haveOpen(image);
  }

  private static boolean isSame(Path disk, Path image) {
    try {
      return Files.isSameFile(disk, image);
    } catch (IOException e) {
      // One that is not there yet is no other's disk.
      return disk.equals(image);
    }
  }

  private void restore() {
    guests.restore();
    for (MigrationEntry entry : store.restore()) {
      try {
        entry.outgoing().ifPresent(part -> departures.resume(entry, part));
        entry.incoming().ifPresent(part -> arrivals.resume(entry, part));
        LOG.info("migration={} taken up again", entry.view().id());
      } catch (io.drover.model.ProblemException e) {
        LOG.error("migration={} cannot be taken up again: {}", entry.view().id(), e.problem());
      }
    }
  }

  // ---- AgentService ----

  @Override
  public HostView host() {
    HostMemory memory = HostMemory.now();
    List<ProblemView> warnings = new ArrayList<>();
    records.unreadable().forEach(problem -> warnings.add(ProblemView.of(problem)));
    contents.problem().ifPresent(problem -> warnings.add(ProblemView.of(problem)));
    qemu.asSource().ifPresent(problem -> warnings.add(ProblemView.of(problem)));
    qemu.asPostCopyTarget().ifPresent(problem -> warnings.add(ProblemView.of(problem)));
    return new HostView(
        configuration.name().value(),
        Release.VERSION,
        qemu.version().toString(),
        qemu.accelerator().word(),
        configuration.listen().toString(),
        memory.total().bytes(),
        memory.available().bytes(),
        qemu.asPostCopyTarget().isEmpty(),
        peers.views(),
        warnings);
  }

  @Override
  public List<GuestView> guests() {
    List<GuestView> all = new ArrayList<>(guests.views());
    for (GuestView arriving : arrivals.views()) {
      if (all.stream().noneMatch(guest -> guest.name().equals(arriving.name()))) {
        all.add(arriving);
      }
    }
    all.sort(Comparator.comparing(GuestView::name));
    return all;
  }

  @Override
  public GuestView guest(String name) {
    GuestName wanted = new GuestName(name);
    return guests().stream()
        .filter(guest -> guest.name().equals(wanted.value()))
        .findFirst()
        .orElseGet(() -> guests.view(wanted));
  }

  @Override
  public GuestView startGuest(GuestSpec spec) {
    return guests.start(GuestDefaults.complete(spec, random));
  }

  @Override
  public GuestView stopGuest(String name, StopManner how) {
    QemuGuest guest = guests.get(unmoving(name));
    GuestView before = guests.viewOf(guest, GuestState.STOPPED);
    switch (how) {
      case ORDERLY -> guest.powerDown(POWER_DOWN_GRACE);
      case FORCED -> guest.quit();
    }
    return before;
  }

  @Override
  public GuestView pauseGuest(String name) {
    QemuGuest guest = guests.get(unmoving(name));
    guest.pause();
    return guests.viewOf(guest);
  }

  @Override
  public GuestView resumeGuest(String name) {
    QemuGuest guest = guests.get(unmoving(name));
    guest.resume();
    return guests.viewOf(guest);
  }

  /** A guest on the move is the migration's: nobody else may stop it or let it run. */
  private GuestName unmoving(String name) {
    GuestName guest = new GuestName(name);
    departures
        .migrationOf(guest)
        .or(() -> arrivals.migrationOf(guest))
        .ifPresent(
            id -> {
              throw Problem.full(
                      "guest-migrating",
                      "Guest '%s' is in migration %s".formatted(name, id),
                      "Wait for it to end, or cancel it at its source: 'drover migration cancel %s'."
                          .formatted(id))
                  .asException();
            });
    return guest;
  }

  @Override
  public CheckReport check(MigrationRequest request) {
    return departures.check(request);
  }

  @Override
  public MigrationView migrate(MigrationRequest request) {
    return departures.begin(request);
  }

  @Override
  public List<MigrationView> migrations() {
    return store.views().stream().map(this::fresh).toList();
  }

  @Override
  public MigrationView migration(String id) {
    return fresh(store.view(new MigrationId(id)));
  }

  private MigrationView fresh(MigrationView stored) {
    MigrationId id = new MigrationId(stored.id());
    return departures
        .find(id)
        .map(migration -> migration.record().view())
        .or(() -> arrivals.find(id).map(migration -> migration.record().view()))
        .orElse(stored);
  }

  @Override
  public MigrationView changeMigration(String id, MigrationChange change) {
    return departures.change(outgoing(id, "changed"), change);
  }

  @Override
  public MigrationView cancelMigration(String id) {
    OutgoingMigration migration = outgoing(id, "cancelled");
    migration.cancel();
    return awaitCancel(migration);
  }

  private static MigrationView awaitCancel(OutgoingMigration migration) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    try {
      while (System.nanoTime() < deadline) {
        if (migration.cancelWasRefused()) {
          throw Problem.migration(
                  "too-late-to-cancel",
                  "Migration %s is past the switch: the guest belongs to the target"
                      .formatted(migration.plan().id()),
                  "Let it finish, then move the guest back.")
              .asException();
        }
        if (migration.record().hasEnded()) {
          return migration.record().view();
        }
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return migration.record().view();
  }

  @Override
  public MigrationView resolveMigration(String id, Decision decision) {
    MigrationId migration = new MigrationId(id);
    Optional<OutgoingMigration> outgoing = departures.find(migration);
    if (outgoing.isPresent()) {
      SourceState before = outgoing.get().state();
      outgoing
          .get()
          .resolve(
              switch (decision) {
                case RUN -> SourceEvent.Decision.TAKE_BACK;
                case DISCARD -> SourceEvent.Decision.TARGET_HAS_IT;
              });
      return awaitDecided(
          outgoing.get().record(),
          () -> {
            SourceState.Stage now = outgoing.get().state().stage();
            return now != before.stage() && now != SourceState.Stage.ENDED;
          });
    }
    return arrivals
        .find(migration)
        .map(
            incoming -> {
              TargetState before = incoming.state();
              incoming.post(
                  new TargetEvent.Resolved(
                      switch (decision) {
                        case RUN -> TargetEvent.Decision.RUN;
                        case DISCARD -> TargetEvent.Decision.DISCARD;
                      }));
              return awaitDecided(
                  incoming.record(),
                  () -> {
                    TargetState.Stage now = incoming.state().stage();
                    return now != before.stage() && now != TargetState.Stage.ENDED;
                  });
            })
        .orElseThrow(() -> ended(store.view(migration), "resolved"));
  }

  /** A decision that changes nothing is answered with what is so, after a moment. */
  private static MigrationView awaitDecided(MigrationRecord record, BooleanSupplier goesOn) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
    try {
      while (!record.hasEnded() && !goesOn.getAsBoolean() && System.nanoTime() < deadline) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return record.view();
  }

  private OutgoingMigration outgoing(String id, String what) {
    MigrationId migration = new MigrationId(id);
    return departures
        .find(migration)
        .orElseThrow(
            () -> {
              if (arrivals.find(migration).isPresent()) {
                return Problem.usage(
                        "not-the-source",
                        "Migration %s can only be %s at its source, host '%s'"
                            .formatted(id, what, store.view(migration).source()),
                        "Ask that host's agent.")
                    .asException();
              }
              return ended(store.view(migration), what);
            });
  }

  private static RuntimeException ended(MigrationView view, String what) {
    return Problem.full(
            "migration-ended",
            "Migration %s has ended and cannot be %s".formatted(view.id(), what),
            "'drover migration show %s' has its report.".formatted(view.id()))
        .asException();
  }

  @Override
  public NetworkView network(String name) {
    GuestName guest = new GuestName(name);
    Optional<List<GuestPort>> ports =
        guests.find(guest).map(here -> GuestPorts.of(here.definition()));
    return continuity
        .show(guest, ports)
        .map(
            found ->
                Networks.view(
                    configuration.name(), found, ports.orElse(List.of()), continuity::isRouted))
        .orElseThrow(
            () ->
                Problem.unknown(
                        "unknown-guest",
                        "This host knows nothing of a guest '%s'".formatted(guest),
                        "Ask the host that has it, or one that it left.")
                    .asException());
  }

  @Override
  public StoreView store() {
    return storeWork.view();
  }

  @Override
  public StoreJobView orderStore(StoreOrder order) {
    return storeWork.begin(order);
  }

  @Override
  public StoreJobView storeJob(String id) {
    return storeWork.job(id);
  }

  @Override
  public EventSource events() {
    return events.subscribe();
  }

  /** Stops the agent; guests and what they need live on. */
  @Override
  public void close() throws IOException {
    localApi.close();
    port.close();
    names.close();
    redirects.close();
    guests.close();
    contents.close();
    agentLock.close();
  }
}
