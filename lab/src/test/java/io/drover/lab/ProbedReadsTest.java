package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ProbedReadsTest {
  @Test
  void readsWhatTheProgramSays() {
    assertThat(ProbedReads.parse("DROVER probe t=1.501 reads=1329 slow=125:3,160:4, ok"))
        .contains(new ProbedReads(1329, Map.of(125, 3L, 160, 4L)));
    assertThat(ProbedReads.parse("DROVER probe t=0.500 reads=456 slow= ok"))
        .contains(new ProbedReads(456, Map.of()));
  }

  @Test
  void aLineThatWasCutSaysNothing() {
    assertThat(ProbedReads.parse("DROVER probe t=1.501 reads=1329 slow=125:3,16")).isEmpty();
    assertThat(ProbedReads.parse("slow=125:3,160:4, ok")).isEmpty();
    assertThat(ProbedReads.parse("DROVER probe t=1.501 reads=1 slow=125:3,[ 1.2] virtio ok"))
        .isEmpty();
  }

  @Test
  void onlyWhatCameAfterAnEarlierLookCounts() {
    ProbedReads before = new ProbedReads(100, Map.of(125, 3L, 130, 1L));
    ProbedReads after = new ProbedReads(250, Map.of(125, 3L, 130, 5L, 160, 2L));
    assertThat(after.since(before)).isEqualTo(new ProbedReads(150, Map.of(130, 4L, 160, 2L)));
    assertThat(after.since(before).slowReads()).isEqualTo(6);
  }

  @Test
  void quantilesAreThoseOfTheSlowReads() {
    // Bucket 160 begins at 2^20 ns, about 1.05 ms; bucket 168 at twice that.
    ProbedReads reads = new ProbedReads(1000, Map.of(160, 98L, 168, 2L));
    assertThat(reads.quantileMillis(0.5).orElseThrow()).isCloseTo(1.095, within(0.001));
    assertThat(reads.quantileMillis(0.98).orElseThrow()).isCloseTo(1.095, within(0.001));
    assertThat(reads.quantileMillis(0.99).orElseThrow()).isCloseTo(2.19, within(0.001));
    assertThat(new ProbedReads(10, Map.of()).quantileMillis(0.5)).isEmpty();
  }
}
