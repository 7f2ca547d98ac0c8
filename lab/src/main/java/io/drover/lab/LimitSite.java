package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Limit;
import io.drover.lab.Experiment.Moves;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BiFunction;

/**
 * Bisects what a contender still moves. Each guest that is tried becomes a sample of its own, so
 * that an interrupted bisection goes on where it was.
 */
final class LimitSite implements Site {
  private final Moves moves;
  private final Limit limit;
  private final BiFunction<Case, Contender, Measured> mover;
  private final Samples samples;
  private final Steps steps;

  /**
   * Nothing is tried yet.
   *
   * @param mover boots a guest, moves it once and takes it down
   */
  LimitSite(
      Moves moves,
      Limit limit,
      BiFunction<Case, Contender, Measured> mover,
      Samples samples,
      Steps steps) {
    this.moves = moves;
    this.limit = limit;
    this.mover = mover;
    this.samples = samples;
    this.steps = steps;
  }

  @Override
  public Measured measure(Piece piece) {
    Contender contender = Sites.contender(moves, piece);
    Bisection bisection = new Bisection(limit.largest(), limit.step());
    Map<Integer, Boolean> known = known(moves, limit.shape(), contender, samples);
    for (OptionalInt next = bisection.next(known); next.isPresent(); next = bisection.next(known)) {
      known.put(next.getAsInt(), moves(limit.guest(next.getAsInt()), contender));
    }
    return Measured.of(Map.of(Measure.CONVERGENCE, (double) bisection.limit(known)));
  }

  private boolean moves(Case one, Contender contender) {
    steps.detail("%d MB".formatted(one.workload().mebibytes()));
    Piece piece = new Piece(one.name(), contender.name(), 1, 0);
    long started = System.nanoTime();
    Measured measured = mover.apply(one, contender);
    samples.add(Sample.of(piece, measured, (System.nanoTime() - started) / 1e9));
    return measured.absence().isEmpty();
  }

  /**
   * What is known of this contender on this link, from wherever: megabytes, and whether it moved.
   */
  static Map<Integer, Boolean> known(
      Moves moves, LinkShape shape, Contender contender, Samples samples) {
    Map<Integer, Boolean> known = new HashMap<>();
    for (Case one : moves.guests()) {
      if (!one.shape().equals(shape) || !(one.workload() instanceof Workload.Stress load)) {
        continue;
      }
      samples
          .of(new Piece(one.name(), contender.name(), 1, 0))
          .filter(sample -> sample.failure().isEmpty())
          .ifPresent(sample -> known.put(load.mebibytes(), sample.absence().isEmpty()));
    }
    return known;
  }

  @Override
  public void close() {}
}
