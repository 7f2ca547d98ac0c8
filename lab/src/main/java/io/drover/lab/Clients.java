package io.drover.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Clients of every kind that use one guest at the same time. */
final class Clients implements AutoCloseable {
  /** Those that a guest is expected to keep. */
  static final Set<ClientKind> LAWFUL =
      Set.of(
          ClientKind.PING,
          ClientKind.UDP,
          ClientKind.SINK,
          ClientKind.TALK,
          ClientKind.DOWN,
          ClientKind.UP,
          ClientKind.IDLE,
          ClientKind.SHORT,
          ClientKind.WEB);

  private static final Duration WAKING = Duration.ofMillis(100);
  private static final Duration WAKE_PATIENCE = Duration.ofSeconds(20);

  private final List<ClientProbe> probes = new ArrayList<>();

  private Clients() {}

  /** Waits until all of them had an answer. */
  static Clients of(
      Lab lab, GuestImage image, String address, Set<ClientKind> kinds, Duration patience) {
    Clients clients = new Clients();
    try {
      kinds.stream()
          .sorted()
          .forEach(kind -> clients.probes.add(ClientProbe.of(lab, image, kind, address)));
      clients.probes.forEach(probe -> probe.awaitReady(patience));
      return clients;
    } catch (RuntimeException failure) {
      clients.close();
      throw failure;
    }
  }

  /** Forgets what they saw so far. */
  void mark() {
    probes.forEach(ClientProbe::mark);
  }

  /** What they saw since; the idle connection has its say before. */
  Map<ClientKind, ClientReport> reports() {
    Map<ClientKind, ClientReport> reports = new EnumMap<>(ClientKind.class);
    for (ClientProbe probe : probes) {
      reports.put(probe.kind(), probe.kind() == ClientKind.IDLE ? woken(probe) : probe.report());
    }
    return reports;
  }

  private static ClientReport woken(ClientProbe idle) {
    long answers = idle.report().answers();
    idle.wake();
    long deadline = System.nanoTime() + WAKE_PATIENCE.toNanos();
    ClientReport report = idle.report();
    while (report.answers() == answers && report.broken() == 0 && System.nanoTime() < deadline) {
      Programs.pause(WAKING);
      report = idle.report();
    }
    return report;
  }

  @Override
  public void close() {
    probes.forEach(ClientProbe::close);
    probes.clear();
  }
}
