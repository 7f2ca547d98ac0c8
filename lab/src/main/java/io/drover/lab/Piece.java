package io.drover.lab;

import java.util.ArrayList;
import java.util.List;

/**
 * One run of one contender in one case, still to be measured.
 *
 * @param seconds how long that will take about, with what has to be made ready for it
 */
record Piece(String caseName, String contender, int run, double seconds) {
  /**
   * The same again and again.
   *
   * @param before what the first one takes longer
   */
  static List<Piece> repeated(
      String caseName, String contender, int runs, double before, double each) {
    List<Piece> pieces = new ArrayList<>();
    for (int run = 1; run <= runs; run++) {
      pieces.add(new Piece(caseName, contender, run, run == 1 ? before + each : each));
    }
    return pieces;
  }
}
