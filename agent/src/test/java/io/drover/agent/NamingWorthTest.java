package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.exchange.Saving;
import io.drover.model.ByteRate;
import io.drover.model.Dedup;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NamingWorthTest {
  private static final long WINDOW = NamingWorth.WINDOW_PAGES;

  private long nanos;
  private long pages;
  private long wanted;
  private long packedBytes;
  private Optional<ByteRate> link = Optional.empty();

  private NamingWorth worth(Dedup dedup) {
    return new NamingWorth(dedup, () -> link, () -> nanos);
  }

  private void passes(NamingWorth worth, double share, Duration time) {
    nanos += time.toNanos();
    pages += WINDOW;
    wanted += Math.round(WINDOW * (1 - share));
    worth.progressed(new Saving(pages, wanted, packedBytes));
  }

  @Test
  void namesWhatIsNotThereOnAThinLink() {
    NamingWorth worth = worth(Dedup.AUTO);
    passes(worth, 0, Duration.ofMillis(140)); // 120 MB/s
    assertThat(worth.pays()).isTrue();
    assertThat(worth.off()).isEmpty();
  }

  @Test
  void givesUpOnAFastLinkThatFindsNothingAndSaysWhy() {
    NamingWorth worth = worth(Dedup.AUTO);
    passes(worth, 0.02, Duration.ofMillis(20)); // 840 MB/s
    assertThat(worth.pays()).isFalse();
    assertThat(worth.remembers()).isFalse();
    assertThat(worth.off()).get().asString().contains("16.0 MiB").contains("Gbit/s");
    passes(worth, 1, Duration.ofSeconds(1));
    assertThat(worth.pays()).isFalse();
  }

  @Test
  void givesUpWhereTheLinkWaitsForTheNamingAndNothingIsSpared() {
    link = Optional.of(ByteRate.parse("1gbit"));
    NamingWorth worth = worth(Dedup.AUTO);
    passes(worth, 0, Duration.ofMillis(400)); // 42 MB/s
    passes(worth, 0, Duration.ofMillis(400));
    assertThat(worth.pays()).isTrue();
    passes(worth, 0, Duration.ofMillis(400));
    assertThat(worth.pays()).isFalse();
    assertThat(worth.remembers()).isTrue();
    assertThat(worth.off())
        .get()
        .asString()
        .contains("335.5 Mbit/s crossed where the link carries 1.00 Gbit/s");
  }

  @Test
  void oneWindowThatFillsTheLinkMakesUpForSlowOnes() {
    link = Optional.of(ByteRate.parse("1gbit"));
    NamingWorth worth = worth(Dedup.AUTO);
    for (int millis : new int[] {400, 400, 140, 400, 400}) {
      passes(worth, 0, Duration.ofMillis(millis));
    }
    assertThat(worth.pays()).isTrue();
  }

  @Test
  void goesOnWhereTheLinkWaitsButWhatIsSentIsPackedWell() {
    link = Optional.of(ByteRate.parse("1gbit"));
    NamingWorth worth = worth(Dedup.AUTO);
    for (int window = 0; window < 6; window++) {
      packedBytes += WINDOW * 1000;
      passes(worth, 0, Duration.ofMillis(400));
    }
    assertThat(worth.pays()).isTrue();
  }

  @Test
  void goesOnAsLongAsItFindsEnough() {
    NamingWorth worth = worth(Dedup.AUTO);
    passes(worth, 0.5, Duration.ofMillis(20));
    assertThat(worth.pays()).isTrue();
    passes(worth, 0, Duration.ofMillis(20));
    assertThat(worth.pays()).isFalse();
  }

  @Test
  void looksAtNothingSmallerThanAWindow() {
    NamingWorth worth = worth(Dedup.AUTO);
    nanos += 1000;
    worth.progressed(new Saving(WINDOW - 1, WINDOW - 1, 0));
    assertThat(worth.pays()).isTrue();
  }

  @Test
  void neverGivesUpWhenItIsForcedTo() {
    NamingWorth worth = worth(Dedup.ON);
    passes(worth, 0, Duration.ofMillis(1));
    assertThat(worth.pays()).isTrue();
  }

  @Test
  void aRecoveryBeginsANewWindow() {
    NamingWorth worth = worth(Dedup.AUTO);
    passes(worth, 0.5, Duration.ofMillis(20));
    nanos += Duration.ofMinutes(1).toNanos();
    worth.restart();
    pages = 0;
    wanted = 0;
    passes(worth, 0, Duration.ofMillis(20));
    assertThat(worth.pays()).isFalse();
  }
}
