package io.drover.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModeChoiceTest {
  private static final ByteRate GIGABIT = ByteRate.parse("960mbit");
  private static final Duration DOWNTIME = Duration.ofMillis(100);

  @Test
  void idleGuestGoesByPrecopyInAboutOnePass() {
    ModeChoice choice = auto(guest(200, 3, 20), ModeChoice.PostCopy.POSSIBLE);
    assertThat(choice.mode()).isEqualTo(Mode.PRECOPY);
    assertThat(choice.bytes()).isLessThan(1.05 * ByteSize.ofMebibytes(200).bytes());
    assertThat(choice.downtimeMillis()).isLessThan(130);
  }

  @Test
  void guestThatRewritesAllItsMemoryGoesByPostcopyInOnePass() {
    ModeChoice choice = auto(guest(2200, 2048, 2000), ModeChoice.PostCopy.POSSIBLE);
    assertThat(choice.mode()).isEqualTo(Mode.POSTCOPY);
    assertThat(choice.bytes()).isEqualTo((double) ByteSize.ofMebibytes(2200).bytes());
    assertThat(choice.reason()).contains("once");
  }

  @Test
  void smallHotSetInALargeGuestGoesByHybrid() {
    ModeChoice choice = auto(guest(4000, 128, 1000), ModeChoice.PostCopy.POSSIBLE);
    assertThat(choice.mode()).isEqualTo(Mode.HYBRID);
  }

  @Test
  void smallGuestThatUsesMuchOfItsMemoryGoesByHybrid() {
    ModeChoice choice = auto(guest(100, 20, 500), ModeChoice.PostCopy.POSSIBLE);
    assertThat(choice.mode()).isEqualTo(Mode.HYBRID);
  }

  @Test
  void onAThinLinkAPassGoesAheadOfPostcopy() {
    DirtyMemory web = guest(100, 30, 60);
    ModeChoice choice = thin().choose(web);
    assertThat(choice.mode()).isEqualTo(Mode.HYBRID);
    assertThat(choice.reason()).contains("would first wait");
    // Nothing is won by a pass if all of it is written again meanwhile.
    assertThat(thin().choose(guest(100, 95, 60)).mode()).isEqualTo(Mode.POSTCOPY);
  }

  @Test
  void whatAGuestOnlyReadsIsNotSentTwice() {
    DirtyMemory used = guest(100, 95, 60);
    ModeChoice.Terms terms = thin();
    ModeChoice choice = terms.choose(used);
    assertThat(choice.mode()).isEqualTo(Mode.POSTCOPY);
    assertThat(terms.wantsToKnowWrites(choice, used)).isTrue();
    assertThat(terms.choose(used, guest(100, 1, 1)).mode()).isEqualTo(Mode.PRECOPY);
    assertThat(terms.choose(used, guest(100, 30, 60)).mode()).isEqualTo(Mode.HYBRID);
    assertThat(terms.choose(used, used).mode()).isEqualTo(Mode.POSTCOPY);
  }

  @Test
  void whereAGuestWaitsForNothingItsWritesNeedNotBeKnown() {
    DirtyMemory small = guest(100, 95, 60);
    DirtyMemory large = guest(4000, 3900, 100);
    ModeChoice.Terms terms =
        new ModeChoice.Terms(Mode.AUTO, GIGABIT, DOWNTIME, ModeChoice.PostCopy.POSSIBLE);
    assertThat(terms.startsSlowly(large)).isFalse();
    assertThat(terms.wantsToKnowWrites(terms.choose(large), large)).isFalse();
    ModeChoice.Terms asked =
        new ModeChoice.Terms(
            Mode.POSTCOPY, ByteRate.parse("20mbit"), DOWNTIME, ModeChoice.PostCopy.POSSIBLE);
    assertThat(asked.wantsToKnowWrites(asked.choose(small), small)).isFalse();
  }

  @Test
  void withoutPostcopyAHotGuestIsSlowedDown() {
    ModeChoice choice = auto(guest(2200, 2048, 2000), ModeChoice.PostCopy.IMPOSSIBLE);
    assertThat(choice.mode()).isEqualTo(Mode.PRECOPY);
    assertThat(choice.reason()).contains("slows the guest");
  }

  @Test
  void tightDowntimeTurnsPrecopyIntoSomethingElse() {
    DirtyMemory guest = guest(800, 30, 60);
    assertThat(auto(guest, ModeChoice.PostCopy.POSSIBLE).mode()).isEqualTo(Mode.PRECOPY);
    assertThat(
            new ModeChoice.Terms(
                    Mode.AUTO, GIGABIT, Duration.ofMillis(2), ModeChoice.PostCopy.POSSIBLE)
                .choose(guest(800, 300, 110))
                .mode())
        .isNotEqualTo(Mode.PRECOPY);
  }

  @Test
  void whatAPersonAsksForIsOnlyPredicted() {
    for (Mode mode : List.of(Mode.PRECOPY, Mode.POSTCOPY, Mode.HYBRID, Mode.COLD)) {
      ModeChoice choice =
          new ModeChoice.Terms(mode, GIGABIT, DOWNTIME, ModeChoice.PostCopy.POSSIBLE)
              .choose(guest(512, 256, 400));
      assertThat(choice.mode()).isEqualTo(mode);
    }
  }

  @Test
  void workingSetIsFoundFromABentCurve() {
    WorkingSet set = WorkingSet.fit(guest(1000, 256, 800));
    assertThat(set.bytes()).isBetween(megabytes(230), megabytes(290));
    assertThat(set.rewrittenWithin(10)).isBetween(megabytes(230), megabytes(290));
  }

  @Test
  void straightCurveMeansNoKnownLimitButTheGuestsMemory() {
    WorkingSet set = WorkingSet.fit(guest(1000, 100_000, 50));
    assertThat(set.bytes()).isEqualTo(megabytes(1000));
    assertThat(set.bytesPerSecond()).isBetween(megabytes(45), megabytes(55));
  }

  @Test
  void nothingMeasuredMeansTheWorstIsAssumed() {
    DirtyMemory unknown = new DirtyMemory(ByteSize.ofMebibytes(500).bytes(), List.of(), "none");
    assertThat(auto(unknown, ModeChoice.PostCopy.POSSIBLE).mode()).isEqualTo(Mode.POSTCOPY);
  }

  private static ModeChoice auto(DirtyMemory guest, ModeChoice.PostCopy postCopy) {
    return new ModeChoice.Terms(Mode.AUTO, GIGABIT, DOWNTIME, postCopy).choose(guest);
  }

  private static ModeChoice.Terms thin() {
    return new ModeChoice.Terms(
        Mode.AUTO, ByteRate.parse("20mbit"), DOWNTIME, ModeChoice.PostCopy.POSSIBLE);
  }

  private static double megabytes(long mebibytes) {
    return (double) ByteSize.ofMebibytes(mebibytes).bytes();
  }

  /** A guest that writes at a steady pace all over a set of pages, measured over a second. */
  private static DirtyMemory guest(long residentMebibytes, long setMebibytes, long rateMebibytes) {
    List<DirtyMemory.Sample> samples = new ArrayList<>();
    for (int millis : new int[] {125, 250, 500, 1000}) {
      double set = megabytes(setMebibytes);
      double bytes = set * (1 - Math.exp(-megabytes(rateMebibytes) * millis / 1000 / set));
      samples.add(new DirtyMemory.Sample(Duration.ofMillis(millis), (long) bytes));
    }
    return new DirtyMemory(ByteSize.ofMebibytes(residentMebibytes).bytes(), samples, "made up");
  }
}
