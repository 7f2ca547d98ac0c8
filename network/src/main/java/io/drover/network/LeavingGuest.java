package io.drover.network;

import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
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
import java.util.function.Consumer;

/**
 * The source's side of what keeps a guest reachable. {@link #paused} is called when the guest has
 * stopped, before or at the commit: from then on its connections do not change here, and collecting
 * them costs the guest only what the transfer's last part does not cover. Safe for all threads.
 */
public final class LeavingGuest {
  /**
   * What is older may have changed, where the guest stood still for long before it was given up.
   */
  private static final Duration STALE = Duration.ofSeconds(2);

  /** Of which some hundred kilobytes are sent at once. */
  private static final int CONNECTIONS_A_MESSAGE = 5000;

  /** So long may the commit wait for the collecting; a guest that stands still is worse. */
  private static final Duration COLLECTING_LIMIT = Duration.ofMillis(500);

  private final GuestName guest;
  private final List<IpAddress> addresses;
  private final HostName to;
  private final HostNetwork network;
  private final Redirects redirects;
  private final Notifier notifier;
  private final List<GuestPort> ports;
  private final StepLog log;
  private final Consumer<ContinuityStep> told;
  private Optional<String> offeredHash = Optional.empty();
  private Optional<CompletableFuture<List<byte[]>>> collecting = Optional.empty();
  private long collectedNanos;

  LeavingGuest(
      GuestName guest,
      HostName host,
      HostName to,
      List<GuestPort> ports,
      HostNetwork network,
      Redirects redirects,
      Notifier notifier,
      Consumer<ContinuityStep> told) {
    this.guest = guest;
    this.to = to;
    this.redirects = redirects;
    this.notifier = notifier;
    this.ports = ports;
    this.addresses = ports.stream().flatMap(port -> port.card().addresses().stream()).toList();
    this.network = network;
    this.log = new StepLog(guest, host, told);
    this.told = told;
  }

  /** What the target is to know before it prepares. Fails where that cannot be found out. */
  public synchronized byte[] offer() {
    GuestFilter filter = network.filter(guest);
    offeredHash = Optional.of(filter.hash());
    return ContinuityCodec.encode(new ContinuityMessage.Offer(filter, redirects.next(guest, to)));
  }

  /** The guest has stopped here: begins to collect what the target is to know before it runs. */
  public synchronized void paused() {
    if (collecting.isEmpty() || System.nanoTime() - collectedNanos > STALE.toNanos()) {
      collectedNanos = System.nanoTime();
      collecting = Optional.of(Meanwhile.call(this::collect));
    }
  }

  /** The guest runs here after all, and what was collected is of the past. */
  public synchronized void resumed() {
    collecting = Optional.empty();
  }

  private List<byte[]> collect() {
    CompletableFuture<GuestFilter> filter = Meanwhile.call(() -> network.filter(guest));
    List<Connection> connections = addresses.isEmpty() ? List.of() : network.connections(addresses);
    GuestFilter now = Meanwhile.result(filter);
    Optional<GuestFilter> changed;
    synchronized (this) {
      changed = offeredHash.equals(Optional.of(now.hash())) ? Optional.empty() : Optional.of(now);
    }
    List<String> lines = connections.stream().map(Connection::line).toList();
    List<byte[]> messages = new ArrayList<>();
    int from = 0;
    do {
      int to = Math.min(lines.size(), from + CONNECTIONS_A_MESSAGE);
      messages.add(
          ContinuityCodec.encode(
              new ContinuityMessage.HandOver(
                  from == 0 ? changed : Optional.empty(), lines.subList(from, to))));
      from = to;
    } while (from < lines.size());
    return messages;
  }

  /** What was collected, in order; nothing if that failed or took too long, which is noted. */
  public List<byte[]> handOver() {
    paused();
    CompletableFuture<List<byte[]>> collected;
    synchronized (this) {
      collected = collecting.orElseThrow();
    }
    long began = System.nanoTime();
    try {
      List<byte[]> messages = collected.get(COLLECTING_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      int bytes = messages.stream().mapToInt(message -> message.length).sum();
      log.wished("hand-over", () -> "filter and connections collected, %d bytes".formatted(bytes));
      return messages;
    } catch (ExecutionException e) {
      log.failed(
          "hand-over",
          e.getCause() instanceof ProblemException known
              ? known.problem()
              : Problem.bug("hand-over", String.valueOf(e.getCause())),
          began);
    } catch (TimeoutException e) {
      log.failed(
          "hand-over",
          Problem.host(
              "hand-over-slow",
              "The guest's connections could not be collected within %d ms"
                  .formatted(COLLECTING_LIMIT.toMillis()),
              "Firewalls at the target may cut them; lower the host's load or its connections."),
          began);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return List.of();
  }

  /**
   * The target has been told that it may run the guest: what still arrives here goes after it. On a
   * thread of its own, since nobody need wait for that.
   */
  public void gaveUp() {
    if (redirects.find(guest).isPresent()) {
      Thread.ofVirtual().name("redirect-" + guest).start(this::redirect);
    }
  }

  private void redirect() {
    if (redirects.find(guest).filter(known -> !known.addresses().isEmpty()).isPresent()) {
      log.wished("redirect", () -> redirects.leave(guest, to));
    } else {
      String _ = redirects.leave(guest, to);
    }
  }

  /** A move begins, which is no rehearsal: names are made to be forgotten sooner. */
  public void begins() {
    redirects.moving(guest, to);
    redirects.find(guest).ifPresent(now -> notifier.moving(now, ports));
  }

  /** The guest stays here. */
  public void stays() {
    redirects.abandon(guest, to);
    redirects.find(guest).ifPresent(now -> notifier.settled(now, ports, log));
  }

  /** Takes in what the target says. */
  public void heard(byte[] message) {
    switch (ContinuityCodec.decode(message)) {
      case ContinuityMessage.Answer(List<ContinuityStep> steps) -> steps.forEach(told);
      case ContinuityMessage.Report(List<ContinuityStep> steps) -> steps.forEach(told);
      case ContinuityMessage.Offer _, ContinuityMessage.HandOver _ -> {
        // Only sources say these.
      }
    }
  }

  /** The guest lives elsewhere, and nothing of it runs here: its filter goes after it. */
  public void left() {
    // Once more, for an agent that was restarted between the two.
    if (redirects.find(guest).filter(known -> !known.isAt(to)).isPresent()) {
      redirect();
    }
    log.wished(
        "filter",
        () -> {
          network.removeFilter(guest);
          return "the guest's own tables are removed here";
        });
  }

  public List<ContinuityStep> steps() {
    return log.steps();
  }
}
