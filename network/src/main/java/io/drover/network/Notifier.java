package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Tells others where a guest is: hosts that answer for its names, the DNS server, and whoever an
 * operator wants told. In the background, and again and again until it is heard or no longer true:
 * a guest never waits for it.
 */
final class Notifier {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

  private final HostName host;
  private final Optional<NameUpdates> names;
  private final Optional<NameSettings> nameSettings;
  private final Hooks hooks;
  private final Commands commands;
  private final Function<GuestName, Optional<GuestWhereabouts>> known;
  private final NameService service;
  // The last move that was told of.
  private final Map<GuestName, Long> named = new HashMap<>();
  private final Map<GuestName, Long> hooked = new HashMap<>();

  Notifier(
      HostName host,
      NetworkSettings settings,
      Commands commands,
      Function<GuestName, Optional<GuestWhereabouts>> known,
      NameService service) {
    this.host = host;
    this.service = service;
    this.nameSettings = settings.names();
    this.names = settings.names().map(NameUpdates::new);
    this.hooks = settings.hooks();
    this.commands = commands;
    this.known = known;
  }

  /** What will be done, by the name of the step. */
  Map<String, String> plan(List<GuestPort> ports) {
    Map<String, String> plan = new LinkedHashMap<>();
    for (GuestPort port : named(ports)) {
      String name = port.card().dnsName().orElseThrow();
      plan.put("name " + name, "%s is updated at %s".formatted(name, server()));
    }
    if (isAnswered(ports)) {
      plan.put("name-service", answering(ports));
    }
    hooks.command().ifPresent(command -> plan.put("command", command + " is run"));
    hooks.webhook().ifPresent(webhook -> plan.put("webhook", webhook + " is told"));
    return plan;
  }

  private String server() {
    return nameSettings.map(settings -> settings.server() + ":" + settings.port()).orElse("");
  }

  private boolean isAnswered(List<GuestPort> ports) {
    return service.answering() > 0
        && ports.stream().anyMatch(port -> port.card().dnsName().isPresent());
  }

  private String answering(List<GuestPort> ports) {
    return "%s is answered by %s"
        .formatted(
            String.join(
                ", ", ports.stream().flatMap(port -> port.card().dnsName().stream()).toList()),
            service.answering() == 1 ? "1 host" : service.answering() + " hosts");
  }

  private List<GuestPort> named(List<GuestPort> ports) {
    return ports.stream()
        .filter(port -> names.filter(updates -> updates.concerns(port.card())).isPresent())
        .toList();
  }

  /** The guest is about to leave: its names are to be remembered for a short time only. */
  void moving(GuestWhereabouts now, List<GuestPort> ports) {
    synchronized (this) {
      named.remove(now.guest());
    }
    StepLog log = new StepLog(now.guest(), host, step -> {});
    for (GuestPort port : named(ports)) {
      Thread.ofVirtual()
          .start(
              () ->
                  log.wished(
                      "name " + port.card().dnsName().orElseThrow(),
                      () ->
                          names
                              .orElseThrow()
                              .write(
                                  port.card(),
                                  now.sequence(),
                                  host,
                                  nameSettings.orElseThrow().movingTtl())));
    }
  }

  /** The guest is here and stays for now: its names say so. */
  void settled(GuestWhereabouts now, List<GuestPort> ports, StepLog log) {
    service.here(now, ports);
    if (isNews(named, now)) {
      name(now, ports, log);
    }
  }

  private void name(GuestWhereabouts now, List<GuestPort> ports, StepLog log) {
    for (GuestPort port : named(ports)) {
      untilDone(
          now,
          log,
          "name " + port.card().dnsName().orElseThrow(),
          () ->
              names
                  .orElseThrow()
                  .write(port.card(), now.sequence(), host, nameSettings.orElseThrow().ttl()));
    }
  }

  /** The guest came here and runs: its names say so, and whoever wants to know is told, once. */
  void arrived(GuestWhereabouts now, List<GuestPort> ports, StepLog log) {
    service.here(now, ports);
    if (isAnswered(ports)) {
      log.wished("name-service", () -> answering(ports));
    }
    // Also if somebody has found it here already: the move's report is to have it.
    boolean _ = isNews(named, now);
    name(now, ports, log);
    if (!isNews(hooked, now)) {
      return;
    }
    List<String> addresses =
        ports.stream()
            .flatMap(port -> port.card().addresses().stream())
            .map(IpAddress::text)
            .toList();
    hooks
        .command()
        .ifPresent(
            command ->
                untilDone(now, log, "command", () -> Hooks.run(command, commands, now, addresses)));
    hooks
        .webhook()
        .ifPresent(
            webhook -> untilDone(now, log, "webhook", () -> Hooks.post(webhook, now, addresses)));
  }

  /** The guest is no more. */
  void ended(GuestName guest) {
    service.ended(guest);
    forget(guest);
  }

  /** The guest is another host's. */
  void left(GuestName guest) {
    service.left(guest);
    forget(guest);
  }

  /** Another of its name is news again. */
  private synchronized void forget(GuestName guest) {
    named.remove(guest);
    hooked.remove(guest);
  }

  private synchronized boolean isNews(Map<GuestName, Long> told, GuestWhereabouts now) {
    Long last = told.put(now.guest(), now.sequence());
    return last == null || last != now.sequence();
  }

  private void untilDone(GuestWhereabouts now, StepLog log, String step, Supplier<String> action) {
    Thread.ofVirtual()
        .name(step)
        .start(
            () -> {
              try {
                Duration pause = FIRST_PAUSE;
                while (!attempt(log, step, action)) {
                  Thread.sleep(pause);
                  if (!known
                      .apply(now.guest())
                      .filter(latest -> isStill(now, latest))
                      .isPresent()) {
                    return;
                  }
                  Duration doubled = pause.multipliedBy(2);
                  pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private static boolean isStill(GuestWhereabouts then, GuestWhereabouts now) {
    return now.at().equals(then.at()) && now.sequence() == then.sequence();
  }

  private static boolean attempt(StepLog log, String step, Supplier<String> action) {
    try {
      log.required(step, action);
      return true;
    } catch (ProblemException e) {
      return false; // the log has it
    } catch (RuntimeException e) {
      log.failed(step, Problem.bug(step, String.valueOf(e)), System.nanoTime());
      return false;
    }
  }
}
