package io.drover.migration;

import java.util.List;

/** What {@link TargetMachine#step} answers. */
public record TargetStep(TargetState state, List<TargetEffect> effects) {
  public TargetStep {
    effects = List.copyOf(effects);
  }

  static TargetStep of(TargetState state, TargetEffect... effects) {
    return new TargetStep(state, List.of(effects));
  }
}
