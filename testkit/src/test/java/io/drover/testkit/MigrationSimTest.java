package io.drover.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Many seeds; {@code -Dsim.seeds=N -Dsim.first=S} runs more, or one again. */
class MigrationSimTest {
  private static final long SEEDS = Long.getLong("sim.seeds", 20_000);
  private static final long FIRST = Long.getLong("sim.first", 0);

  @Test
  void everyRuleHoldsWhateverGoesWrong() {
    Map<String, Integer> notes = new TreeMap<>();
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      MigrationSimulation.Result result = MigrationSimulation.run(seed, new Machines.Real());
      assertThat(result.failure()).as(result::story).isEmpty();
      result.notes().forEach((what, count) -> notes.merge(what, count, Integer::sum));
    }
  }
}
