package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Moves;
import io.drover.model.Mode;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Carries a plan out, piece by piece. What fails is written down and the rest goes on; what is
 * known already is not measured again.
 */
final class BenchRunner {
  private final Experiment experiment;
  private final Function<String, Site> sites;
  private final Samples samples;
  private final Steps steps;
  private final long startedNanos = System.nanoTime();

  /**
   * Nothing is measured yet.
   *
   * @param sites opens the site of a case
   */
  BenchRunner(Experiment experiment, Function<String, Site> sites, Samples samples, Steps steps) {
    this.experiment = experiment;
    this.sites = sites;
    this.samples = samples;
    this.steps = steps;
  }

  /**
   * Measures what is not measured yet.
   *
   * @param afterCase called whenever a case is through, so that an interrupted sweep has results
   */
  void run(List<Piece> plan, Runnable afterCase) {
    Forecast forecast = new Forecast(plan);
    List<Piece> left = plan.stream().filter(piece -> samples.of(piece).isEmpty()).toList();
    for (int from = 0; from < left.size(); ) {
      int to = from;
      while (to < left.size() && left.get(to).caseName().equals(left.get(from).caseName())) {
        to++;
      }
      measure(left.subList(from, to), forecast);
      afterCase.run();
      from = to;
    }
  }

  private void measure(List<Piece> sameCase, Forecast forecast) {
    String caseName = sameCase.getFirst().caseName();
    steps.line(
        "%s  (%d of %d measured; %s so far, about %s left)"
            .formatted(
                caseName,
                forecast.done(samples),
                forecast.plan().size(),
                Forecast.words(Duration.ofNanos(System.nanoTime() - startedNanos)),
                Forecast.words(forecast.left(samples))));
    try (Site site = sites.apply(caseName)) {
      for (Piece piece : sameCase) {
        measure(site, piece, forecast);
      }
    }
  }

  private void measure(Site site, Piece piece, Forecast forecast) {
    Optional<String> pointless = pointless(piece);
    if (pointless.isPresent()) {
      samples.add(Sample.of(piece, Measured.absent(pointless.get()), 0));
      steps.line("  - %s: %s".formatted(piece.contender(), pointless.get()));
      return;
    }
    String what = "%s, run %d".formatted(piece.contender(), piece.run());
    steps.begin(what);
    steps.context("%s, %s left in all".formatted(what, Forecast.words(forecast.left(samples))));
    long started = System.nanoTime();
    Sample sample;
    try {
      Measured measured = site.measure(piece);
      sample = Sample.of(piece, measured, (System.nanoTime() - started) / 1e9);
      steps.done(what + ": " + summary(measured));
    } catch (ProblemException failure) {
      String reason = failure.problem().toString();
      sample = Sample.failed(piece, reason, (System.nanoTime() - started) / 1e9);
      steps.failed(what + ": " + failure.problem().message());
      site.close();
    }
    samples.add(sample);
  }

  private String summary(Measured measured) {
    if (measured.absence().isPresent()) {
      return measured.absence().get();
    }
    return String.join(
        ", ",
        experiment.measures().stream()
            .filter(measure -> measured.values().containsKey(measure))
            .limit(3)
            .map(measure -> words(measure, measured.values()))
            .toList());
  }

  private static String words(Measure measure, Map<Measure, Double> values) {
    double value = values.getOrDefault(measure, 0.0);
    return String.format(
        Locale.ROOT,
        Math.abs(value) < 10 ? "%s %.2f %s" : "%s %.0f %s",
        measure.label(),
        value,
        measure.unit());
  }

  /**
   * A pre-copy that did not converge with less stress on the same link will not with more; trying
   * it all the same would take most of a sweep's time.
   */
  private Optional<String> pointless(Piece piece) {
    if (!(experiment.procedure() instanceof Moves moves)) {
      return Optional.empty();
    }
    Optional<Case> one =
        moves.guests().stream().filter(each -> each.name().equals(piece.caseName())).findFirst();
    if (one.isEmpty()) {
      return Optional.empty();
    }
    Contender contender = Sites.contender(moves, piece);
    if (contender.modeIn(one.get()) != Mode.PRECOPY
        || !(one.get().workload() instanceof Workload.Stress load)) {
      return Optional.empty();
    }
    OptionalInt smallest =
        LimitSite.known(moves, one.get().shape(), contender, samples).entrySet().stream()
            .filter(known -> !known.getValue() && known.getKey() < load.mebibytes())
            .mapToInt(Map.Entry::getKey)
            .min();
    return smallest.isPresent()
        ? Optional.of(
            "Not tried: it did not converge with %d MB already.".formatted(smallest.getAsInt()))
        : Optional.empty();
  }
}
