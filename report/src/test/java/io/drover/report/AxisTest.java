package io.drover.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisTest {
  @ParameterizedTest
  @CsvSource({"0,0", "5,151.8", "-3,7", "-9,-2", "1e-9,2e-9", "1,1e15", "0.2,0.6"})
  void hasZeroAndAFewRoundMarksWithinIt(double least, double most) {
    Axis axis = Axis.of(least, most, 6);
    assertThat(axis.low()).isLessThanOrEqualTo(Math.min(0, least));
    assertThat(axis.high()).isGreaterThanOrEqualTo(Math.max(0, most));
    assertThat(axis.marks()).contains(0.0).hasSizeBetween(2, 10);
    assertThat(axis.place(axis.low(), 10, 20)).isEqualTo(10);
    assertThat(axis.place(axis.high(), 10, 20)).isEqualTo(20);
    List<String> words =
        axis.marks().stream().map(mark -> Numbers.tick(mark, axis.step())).toList();
    assertThat(words).doesNotHaveDuplicates();
  }

  @Test
  void percentilesAreValuesThatWereSeen() {
    Spread spread =
        Spread.of(
            java.util.stream.IntStream.rangeClosed(1, 100).mapToObj(i -> (double) i).toList());
    assertThat(spread.percentile(90)).isEqualTo(90);
    assertThat(spread.percentile(99)).isEqualTo(99);
    assertThat(spread.percentile(100)).isEqualTo(100);
    assertThat(spread.median()).isEqualTo(50.5);
    assertThat(Spread.of(List.of(7.0)).percentile(99)).isEqualTo(7);
  }

  @Test
  void numbersHaveAboutThreeDigitsAndThousandsStandApart() {
    assertThat(List.of(0.0, 0.0123, 1.5, 47.0, 151.8, 8192.0).stream().map(Numbers::of))
        .containsExactly("0", "0.012", "1.50", "47.0", "151.8", "8\u202f192");
    assertThat(Numbers.exact(0.97)).isEqualTo("0.97");
    assertThat(Numbers.exact(250)).isEqualTo("250");
    assertThat(Numbers.tick(-0.0, 1)).isEqualTo("0");
  }
}
