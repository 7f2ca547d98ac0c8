package io.drover.lab;

import java.time.Duration;
import java.util.List;

/** How long a plan will still take: its estimates, corrected by how long the first pieces took. */
record Forecast(List<Piece> plan) {
  /** Below it a few slow seconds would be taken for a slow machine. */
  private static final double ENOUGH_SECONDS = 30;

  Forecast {
    plan = List.copyOf(plan);
  }

  Duration left(Samples samples) {
    double estimated = 0;
    double took = 0;
    double ahead = 0;
    for (Piece piece : plan) {
      var sample = samples.of(piece);
      if (sample.isPresent()) {
        if (sample.get().failure().isEmpty() && sample.get().absence().isEmpty()) {
          estimated += piece.seconds();
          took += sample.get().seconds();
        }
      } else {
        ahead += piece.seconds();
      }
    }
    double factor = estimated < ENOUGH_SECONDS ? 1 : Math.clamp(took / estimated, 0.1, 10);
    return Duration.ofMillis((long) (ahead * factor * 1000));
  }

  long done(Samples samples) {
    return plan.stream().filter(piece -> samples.of(piece).isPresent()).count();
  }

  /** As people say it: "40 s", "12 min", "1 h 25 min". */
  static String words(Duration duration) {
    long seconds = (duration.toMillis() + 500) / 1000;
    if (seconds < 90) {
      return seconds + " s";
    }
    long minutes = (seconds + 30) / 60;
    return minutes < 60 ? minutes + " min" : "%d h %02d min".formatted(minutes / 60, minutes % 60);
  }
}
