package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationView;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConvergenceTest {
  private static MigrationView view(double seconds, int passes, Optional<String> outcome) {
    return new MigrationView(
        "m0123456789",
        "bench",
        "source",
        "alpha",
        "beta",
        "precopy",
        "precopy",
        "as asked",
        "native",
        "copy",
        outcome,
        Optional.empty(),
        0,
        seconds,
        0.5,
        Optional.empty(),
        512L << 20,
        0,
        100L << 20,
        50_000_000,
        0,
        passes,
        Optional.empty(),
        300,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of());
  }

  @Test
  void waitsFiveFirstPassesAndFiveSeconds() {
    Convergence convergence = new Convergence();
    assertThat(convergence.lost(view(2, 1, Optional.empty()))).isEmpty();
    assertThat(convergence.lost(view(6, 2, Optional.empty()))).isEmpty();
    assertThat(convergence.lost(view(26.9, 7, Optional.empty()))).isEmpty();
    assertThat(convergence.lost(view(27, 7, Optional.empty())))
        .hasValueSatisfying(
            reason -> assertThat(reason).contains("does not converge", "4.0 s", "6 passes"));
  }

  @Test
  void isPatientWithALongFirstPass() {
    assertThat(new Convergence().lost(view(600, 1, Optional.empty()))).isEmpty();
  }

  @Test
  void leavesAloneWhatHasEnded() {
    Convergence convergence = new Convergence();
    convergence.lost(view(1, 2, Optional.empty()));
    assertThat(convergence.lost(view(60, 9, Optional.of("completed")))).isEmpty();
  }
}
