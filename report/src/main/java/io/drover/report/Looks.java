package io.drover.report;

import io.drover.report.ContenderKey.Kind;
import io.drover.report.Look.Marker;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A look for each contender, the same in every chart of one report. */
final class Looks {
  private static final List<Ink> DROVER =
      List.of(Ink.DROVER_1, Ink.DROVER_2, Ink.DROVER_3, Ink.DROVER_4, Ink.DROVER_5, Ink.DROVER_6);
  private static final List<Ink> STOCK =
      List.of(Ink.STOCK_1, Ink.STOCK_2, Ink.STOCK_3, Ink.STOCK_4, Ink.STOCK_5, Ink.STOCK_6);

  private static final List<Marker> MARKERS = List.of(Marker.values());

  private final Map<String, Look> looks = new HashMap<>();

  Looks(List<ContenderKey> contenders) {
    Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
    int shape = 0;
    for (ContenderKey key : contenders) {
      int before = counts.merge(key.kind(), 1, Integer::sum) - 1;
      Ink ink =
          switch (key.kind()) {
            case DROVER -> DROVER.get(before % DROVER.size());
            case STOCK -> STOCK.get(before % STOCK.size());
            case PUBLISHED -> Ink.PUBLISHED;
            case LIMIT -> Ink.LIMIT;
          };
      Marker marker = MARKERS.get(shape % MARKERS.size());
      // A limit is drawn without one.
      shape += key.kind() == Kind.LIMIT ? 0 : 1;
      looks.put(key.name(), new Look(key.kind(), ink, marker));
    }
  }

  Look of(String contender) {
    Look look = looks.get(contender);
    if (look == null) {
      throw new IllegalStateException("'%s' is no contender here".formatted(contender));
    }
    return look;
  }
}
