package io.drover.migration;

import java.util.List;

/** What {@link SourceMachine#step} answers. */
public record SourceStep(SourceState state, List<SourceEffect> effects) {
  public SourceStep {
    effects = List.copyOf(effects);
  }

  static SourceStep of(SourceState state, SourceEffect... effects) {
    return new SourceStep(state, List.of(effects));
  }
}
