package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PlainAgreementTest {
  // Where System.nanoTime may well be.
  private static final long START = -Duration.ofHours(1).toNanos();
  private final PlainAgreement agreement = new PlainAgreement(7717);

  private static long at(double seconds) {
    return START + (long) (seconds * 1e9);
  }

  private void agree() {
    agreement.ask(at(0));
    agreement.made();
    agreement.heard(at(0.1));
    agreement.told(at(0.1));
    agreement.judge(at(0.1));
  }

  @Test
  void packetsGoPlainlyOnceTheyAreSeenToArriveBothWays() {
    assertThat(agreement.carries()).isFalse();
    assertThat(agreement.obstacle()).isEmpty();
    agreement.ask(at(0));
    agreement.made();
    assertThat(agreement.obstacle()).contains("the two hosts have not agreed on that yet");
    agreement.heard(at(0.1));
    agreement.judge(at(0.1));
    assertThat(agreement.carries()).isFalse();
    agreement.told(at(0.2));
    agreement.judge(at(0.2));
    assertThat(agreement.carries()).isTrue();
    assertThat(agreement.obstacle()).isEmpty();
  }

  @Test
  void saysInWhichDirectionTheyAreSwallowed() {
    agreement.ask(at(0));
    agreement.made();
    agreement.judge(at(7));
    assertThat(agreement.obstacle()).contains("the two hosts have not agreed on that yet");
    agreement.judge(at(9));
    assertThat(agreement.obstacle())
        .contains("packets of 1500 bytes to UDP port 7717 do not arrive at either end");
    agreement.heard(at(9));
    agreement.judge(at(9));
    assertThat(agreement.obstacle().orElseThrow()).endsWith("do not arrive there");
    agreement.told(at(20));
    agreement.judge(at(20));
    assertThat(agreement.obstacle().orElseThrow()).endsWith("do not arrive here");
  }

  @Test
  void endsWhenTheyStopArriving() {
    agree();
    agreement.heard(at(60));
    agreement.told(at(60));
    agreement.judge(at(66));
    assertThat(agreement.carries()).isTrue();
    agreement.heard(at(68));
    agreement.judge(at(68.1));
    assertThat(agreement.carries()).isFalse();
    agreement.told(at(70));
    agreement.judge(at(70));
    assertThat(agreement.carries()).isTrue();
  }

  @Test
  void anAgentThatWasAwayHasTimeToSayThatNothingHasChanged() {
    agree();
    // The agents were apart for a minute, and what is plain went on without them.
    agreement.ask(at(60));
    agreement.judge(at(60));
    agreement.judge(at(67));
    assertThat(agreement.carries()).isTrue();
    agreement.judge(at(69));
    assertThat(agreement.carries()).isFalse();
  }

  @Test
  void whatAnEarlierRunAgreedOnHoldsUntilItIsContradicted() {
    agreement.carriedBefore();
    agreement.ask(at(0));
    agreement.judge(at(5));
    assertThat(agreement.carries()).isTrue();
    assertThat(agreement.obstacle()).isEmpty();
    agreement.refuse("beta says: no");
    assertThat(agreement.carries()).isFalse();
  }

  @Test
  void aRefusalStandsUntilBothTrustThePathAgain() {
    agree();
    agreement.refuse("beta says: no");
    agreement.heard(at(1));
    agreement.told(at(1));
    agreement.judge(at(1));
    assertThat(agreement.carries()).isFalse();
    assertThat(agreement.obstacle()).contains("beta says: no");
    agreement.judge(at(60));
    assertThat(agreement.obstacle()).contains("beta says: no");
    agree();
    assertThat(agreement.carries()).isTrue();
  }

  @Test
  void whatCameBeforeARefusalDoesNotCountAfterIt() {
    agree();
    agreement.refuse("beta says: no");
    agreement.made();
    agreement.judge(at(0.2));
    assertThat(agreement.carries()).isFalse();
  }
}
