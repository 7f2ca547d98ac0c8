package io.drover.lab;

import io.drover.report.Series;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What became of a {@link Piece}; it has values, or an absence, or a failure.
 *
 * @param absence why there is nothing to measure although nothing went wrong
 * @param seconds how long it took, with what had to be made ready
 */
record Sample(
    String caseName,
    String contender,
    int run,
    Map<Measure, Double> values,
    Optional<String> absence,
    Optional<String> failure,
    List<Series.Point> linkUse,
    double seconds) {

  Sample {
    values = Map.copyOf(values);
    linkUse = List.copyOf(linkUse);
  }

  static Sample of(Piece piece, Measured measured, double seconds) {
    return new Sample(
        piece.caseName(),
        piece.contender(),
        piece.run(),
        measured.values(),
        measured.absence(),
        Optional.empty(),
        measured.linkUse(),
        seconds);
  }

  static Sample failed(Piece piece, String reason, double seconds) {
    return new Sample(
        piece.caseName(),
        piece.contender(),
        piece.run(),
        Map.of(),
        Optional.empty(),
        Optional.of(reason),
        List.of(),
        seconds);
  }

  boolean isOf(Piece piece) {
    return caseName.equals(piece.caseName())
        && contender.equals(piece.contender())
        && run == piece.run();
  }
}
