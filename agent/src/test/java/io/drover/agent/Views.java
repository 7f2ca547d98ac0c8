package io.drover.agent;

import io.drover.api.GuestView;
import io.drover.api.MigrationView;
import java.util.List;
import java.util.Optional;

/** Views for tests. */
final class Views {
  private Views() {}

  static GuestView guest(String name) {
    return new GuestView(
        name,
        "00000000-0000-4000-8000-000000000000",
        "running",
        512L << 20,
        1,
        GuestDefaults.MACHINE,
        GuestDefaults.CPU,
        List.of(
            new GuestView.CardView(
                "52:54:00:00:00:01", "br0", List.of("192.0.2.10"), Optional.empty())),
        Optional.empty(),
        Optional.empty(),
        4711,
        Optional.empty());
  }

  static MigrationView migration(String id) {
    return migration(id, "copy", 0.5, Optional.empty());
  }

  static MigrationView migration(
      String id, String phase, double progress, Optional<String> outcome) {
    return new MigrationView(
        id,
        "web",
        "source",
        "alpha",
        "beta",
        "auto",
        "hybrid",
        "the guest dirties memory faster than the link is",
        "tunnel",
        phase,
        outcome,
        Optional.empty(),
        0,
        12.5,
        progress,
        outcome.isPresent() ? Optional.empty() : Optional.of(4.0),
        1L << 30,
        (long) ((1L << 30) * (1 - progress)),
        (long) ((1L << 30) * progress),
        117_000_000,
        100_000_000,
        1,
        Optional.empty(),
        100,
        Optional.of(43.0),
        Optional.of(9.0),
        Optional.of(40.0),
        Optional.of(1.25e8),
        0,
        0,
        List.of(
            new MigrationView.PhaseTime("prepare", 0, 0.4),
            new MigrationView.PhaseTime("copy", 0.4, 9.1)),
        List.of(new MigrationView.ChannelBytes("main", 1, 1L << 30, 4096)),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of());
  }
}
