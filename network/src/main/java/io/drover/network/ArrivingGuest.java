package io.drover.network;

import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The target's side of what keeps a guest reachable: its filter is in force before its hypervisor
 * is said to be prepared, its connections are known before it runs, and the network is told once it
 * does. Safe for all threads.
 */
public final class ArrivingGuest {
  /** So long may the guest stand still for its connections. */
  private static final Duration RESTORING_LIMIT = Duration.ofSeconds(1);

  /** So long is a guest's first word waited for. */
  private static final Duration SPEAKING_LIMIT = Duration.ofSeconds(10);

  private final GuestName guest;
  private final HostName host;
  private final List<GuestPort> ports;
  private final HostNetwork network;
  private final Redirects redirects;
  private final Announcer announcer;
  private final Notifier notifier;
  private final StepLog log;
  private final Optional<ContinuityMessage.Offer> offer;
  private boolean loaded;
  private final Object arriving = new Object();
  private boolean arrived;
  private boolean undone;
  private final AtomicInteger followed = new AtomicInteger();
  private final AtomicBoolean announced = new AtomicBoolean();
  private CompletableFuture<Void> restoring = CompletableFuture.completedFuture(null);

  ArrivingGuest(
      GuestName guest,
      HostName host,
      List<GuestPort> ports,
      HostNetwork network,
      Redirects redirects,
      Announcer announcer,
      Notifier notifier,
      Optional<ContinuityMessage.Offer> offer,
      Consumer<ContinuityStep> told) {
    this.guest = guest;
    this.host = host;
    this.ports = ports;
    this.network = network;
    this.redirects = redirects;
    this.announcer = announcer;
    this.notifier = notifier;
    this.offer = offer;
    this.log = new StepLog(guest, host, told);
  }

  /** What will be done, for people to see before it is. */
  public List<ContinuityStep> plan() {
    List<ContinuityStep> steps = new ArrayList<>();
    GuestFilter filter = offer.map(ContinuityMessage.Offer::filter).orElse(GuestFilter.NONE);
    steps.add(
        planned(
            "filter",
            filter.isEmpty()
                ? "the guest has no tables named %s".formatted(GuestFilter.tableName(guest))
                : "%d of its tables (hash %s) in force before the guest runs"
                    .formatted(filter.tables().size(), filter.hash())));
    boolean addressed = ports.stream().anyMatch(port -> !port.card().addresses().isEmpty());
    steps.add(
        planned(
            "connections",
            addressed
                ? "tracked connections follow before the guest runs"
                : "the guest's addresses are not known, so tracked connections stay behind"));
    whereabouts()
        .filter(next -> !next.addresses().isEmpty())
        .ifPresent(
            next ->
                steps.add(
                    planned(
                        "route",
                        "%s lead here by move %d; what arrives at %s is passed on"
                            .formatted(next.addresses(), next.sequence(), next.anchorsBut(host)))));
    for (GuestPort port : ports) {
      steps.add(planned("announce " + port.device(), announcer.sentence(port)));
    }
    notifier.plan(ports).forEach((name, sentence) -> steps.add(planned(name, sentence)));
    return steps;
  }

  /** What stands in the way of a guest that needs to be found. */
  public List<Problem> problems() {
    return whereabouts().stream().flatMap(next -> redirects.missing(ports, next).stream()).toList();
  }

  private Optional<GuestWhereabouts> whereabouts() {
    return offer.flatMap(ContinuityMessage.Offer::whereabouts);
  }

  private ContinuityStep planned(String name, String sentence) {
    return ContinuityStep.planned(name, host, sentence);
  }

  /** The answer to the source's offer. */
  public byte[] answer() {
    return ContinuityCodec.encode(new ContinuityMessage.Answer(plan()));
  }

  /** Puts the filter in force; throws if that cannot be done, and then nothing is left of it. */
  public synchronized void prepare() {
    synchronized (arriving) {
      undone = false;
    }
    if (offer.isPresent() && !offer.get().filter().isEmpty()) {
      loaded = true;
      try {
        log.required("filter", () -> load(offer.get().filter()));
      } catch (ProblemException e) {
        loaded = false;
        log.wished("filter", this::removeFilter);
        throw e;
      }
    }
    whereabouts().ifPresent(this::askForPackets);
  }

  private void askForPackets(GuestWhereabouts next) {
    if (next.addresses().isEmpty()) {
      redirects.prepare(next);
    } else {
      log.wished(
          "redirect",
          () -> {
            redirects.prepare(next);
            return "ready to ask for what arrives at " + next.anchorsBut(host);
          });
    }
  }

  private String removeFilter() {
    network.removeFilter(guest);
    return "the guest's own tables are removed here: it did not come";
  }

  private String load(GuestFilter filter) {
    network.load(guest, filter);
    return "%d tables in force and verified (hash %s)"
        .formatted(filter.tables().size(), filter.hash());
  }

  /** Takes in what the source says; the work is done on a thread of its own. */
  public synchronized void heard(byte[] message) {
    if (ContinuityCodec.decode(message) instanceof ContinuityMessage.HandOver handOver) {
      loaded = loaded || handOver.filter().isPresent();
      CompletableFuture<Void> done = new CompletableFuture<>();
      restoring = CompletableFuture.allOf(restoring, done);
      Thread.ofVirtual()
          .name("restore-" + guest)
          .start(
              () -> {
                try {
                  restore(handOver);
                } finally {
                  done.complete(null);
                }
              });
    }
  }

  private void restore(ContinuityMessage.HandOver handOver) {
    CompletableFuture<Boolean> leads = Meanwhile.call(this::hasArrived);
    connections(handOver);
    boolean _ = Meanwhile.result(leads);
  }

  private void connections(ContinuityMessage.HandOver handOver) {
    handOver.filter().ifPresent(filter -> log.wished("filter", () -> load(filter)));
    List<io.drover.model.IpAddress> own =
        ports.stream().flatMap(port -> port.card().addresses().stream()).toList();
    log.wished(
        "connections",
        () -> {
          List<Connection> connections =
              handOver.connections().stream()
                  .flatMap(line -> Connection.parse(line).stream())
                  .filter(connection -> connection.isOf(own))
                  .toList();
          network.restore(connections);
          return "%d tracked connections followed"
              .formatted(followed.addAndGet(connections.size()));
        });
  }

  /**
   * The guest was given up by its source: the way to it leads here. What arrives before it runs
   * waits in its device's queue.
   */
  public void arrived() {
    synchronized (arriving) {
      if (!arrived && !undone) {
        arrived = true;
        ports.forEach(this::listen);
        whereabouts().ifPresent(this::route);
        for (GuestPort port : ports) {
          log.wished(
              "port " + port.device(),
              () -> {
                network.learn(port);
                return "%s leads to the guest".formatted(port.device());
              });
        }
      }
    }
  }

  /** A guest that speaks runs, whatever its hypervisor has said by then. */
  private void listen(GuestPort port) {
    // Not a virtual thread: it waits in the C library.
    Thread.ofPlatform()
        .daemon()
        .name("first-frame-" + port.device())
        .start(() -> log.wished("first frame " + port.device(), () -> awaitFrame(port)));
  }

  private String awaitFrame(GuestPort port) {
    boolean speaks;
    try {
      speaks = network.awaitFrame(port, SPEAKING_LIMIT);
    } catch (ProblemException e) {
      // Its device may have gone with it.
      return "whether the guest speaks is not known: " + e.problem();
    }
    if (!speaks) {
      return "the guest has said nothing for %d s; the announcements lead to it"
          .formatted(SPEAKING_LIMIT.toSeconds());
    }
    runs();
    return "the guest speaks";
  }

  private void route(GuestWhereabouts next) {
    if (next.addresses().isEmpty()) {
      String _ = redirects.arrive(next, ports);
    } else {
      log.wished("route", () -> redirects.arrive(next, ports));
    }
  }

  /**
   * To be called right before the guest may run: waits for its connections, in bounds, and makes
   * its frames find it.
   */
  public void beforeRun() {
    CompletableFuture<Void> waited;
    synchronized (this) {
      waited = restoring;
    }
    await(
        waited,
        "connections",
        Problem.host(
            "restore-slow",
            "The guest's connections were not restored within %d ms; it runs without waiting"
                .formatted(RESTORING_LIMIT.toMillis()),
            "A strict firewall here may cut them; lower the host's load."));
    await(
        Meanwhile.call(this::hasArrived),
        "route",
        Problem.host(
            "route-slow",
            "The way to the guest does not lead here after %d ms; it runs without waiting"
                .formatted(RESTORING_LIMIT.toMillis()),
            "'drover network show' tells when it does; lower the host's load."));
  }

  private boolean hasArrived() {
    arrived();
    return true;
  }

  /** A guest that may run must not wait for its network for ever. */
  private void await(CompletableFuture<?> work, String step, Problem slow) {
    long began = System.nanoTime();
    try {
      Object _ = work.get(RESTORING_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      log.failed(step, slow, began);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What has been done so far, for the source to show. */
  public byte[] report() {
    return ContinuityCodec.encode(new ContinuityMessage.Report(log.steps()));
  }

  /** The guest runs here: tells the network once, and again and again for a few seconds. */
  public void runs() {
    if (announced.getAndSet(true)) {
      return;
    }
    for (GuestPort port : ports) {
      log.wished("announce " + port.device(), () -> announcer.announce(port));
    }
    redirects.find(guest).ifPresent(here -> notifier.arrived(here, ports, log));
  }

  /** The guest never ran here and never will. */
  public synchronized void undo() {
    synchronized (arriving) {
      arrived = false; // another try may follow
      announced.set(false);
      undone = true;
    }
    whereabouts().ifPresent(next -> redirects.abandon(guest, host));
    if (loaded) {
      loaded = false;
      log.wished("filter", this::removeFilter);
    }
  }

  /** It ran here, and is no more: nothing leads to it any longer. */
  public void ended() {
    notifier.ended(guest);
    log.wished(
        "route",
        () -> {
          redirects.ended(guest);
          return "nothing leads to it any more";
        });
  }

  public List<ContinuityStep> steps() {
    return log.steps();
  }
}
