package io.drover.testkit;

import io.drover.migration.SourceEvent;
import io.drover.migration.SourceMachine;
import io.drover.migration.SourceState;
import io.drover.migration.SourceStep;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetMachine;
import io.drover.migration.TargetState;
import io.drover.migration.TargetStep;

/** What is simulated; a test of the simulation itself puts broken ones in. */
public interface Machines {
  SourceStep source(SourceState state, SourceEvent event);

  TargetStep target(TargetState state, TargetEvent event);

  /** Drover's own. */
  final class Real implements Machines {
    public Real() {}

    @Override
    public SourceStep source(SourceState state, SourceEvent event) {
      return SourceMachine.step(state, event);
    }

    @Override
    public TargetStep target(TargetState state, TargetEvent event) {
      return TargetMachine.step(state, event);
    }
  }
}
