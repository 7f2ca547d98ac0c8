package io.drover.network;

import static io.drover.network.NameFixtures.ALPHA;
import static io.drover.network.NameFixtures.BETA;
import static io.drover.network.NameFixtures.GAMMA;
import static io.drover.network.NameFixtures.MAIL;
import static io.drover.network.NameFixtures.WEB;
import static io.drover.network.NameFixtures.names;
import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FleetNamesTest {
  private final AtomicLong nanos = new AtomicLong(1);
  private final HostNames own = new HostNames(nanos::get);
  private boolean leaving;
  private final FleetNames fleet =
      new FleetNames(
          ALPHA,
          NameFixtures.settings(53),
          own,
          Set.of(BETA, GAMMA),
          (peer, guest, sequence) -> leaving,
          nanos::get);

  private static Map<GuestName, GuestNames> list(GuestNames... guests) {
    return Arrays.stream(guests).collect(Collectors.toMap(GuestNames::guest, each -> each));
  }

  private static GuestNames web(long sequence) {
    return names(WEB, sequence, "web", "192.0.2.10");
  }

  private List<String> who() {
    return fleet.claims().stream()
        .map(claim -> claim.names().guest() + "@" + claim.host())
        .toList();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.plusMillis(1).toNanos());
  }

  @Test
  void theLaterMoveWinsInWhateverOrderTheWordsCome() {
    fleet.heard(GAMMA, list(web(2)));
    fleet.heard(BETA, list(web(1)));
    assertThat(who()).containsExactly("web@gamma");
    fleet.heard(BETA, list(web(3)));
    assertThat(who()).containsExactly("web@beta");
    fleet.heard(GAMMA, list(web(2), names(MAIL, 0, "mail", "192.0.2.11")));
    assertThat(who()).containsExactly("mail@gamma", "web@beta");
  }

  @Test
  void aGuestThatItsHostHasNoMoreIsWhereAnotherSaysItIsOrNowhere() {
    fleet.heard(GAMMA, list(web(2)));
    fleet.heard(BETA, list(web(0)));
    fleet.heard(GAMMA, list());
    assertThat(who()).containsExactly("web@beta");
    fleet.heard(BETA, list());
    assertThat(who()).isEmpty();
  }

  @Test
  void aGuestThatIsHereIsNobodyElsesUnlessItLeaves() {
    own.here(web(1));
    fleet.heard(BETA, list(web(100)));
    assertThat(who()).containsExactly("web@alpha");
    leaving = true;
    assertThat(who()).containsExactly("web@beta");
    fleet.heard(BETA, list(web(0)));
    assertThat(who()).containsExactly("web@alpha");
  }

  @Test
  void ofTwoWithTheSameMoveAllHostsChooseTheSame() {
    fleet.heard(GAMMA, list(web(1)));
    fleet.heard(BETA, list(web(1)));
    assertThat(who()).containsExactly("web@beta");
  }

  @Test
  void aHostThatIsSilentKeepsItsGuestsUntilAnotherHasThem() {
    fleet.heard(BETA, list(web(5)));
    fleet.silent(BETA);
    pass(FleetNames.SILENT_AFTER.multipliedBy(100));
    assertThat(who()).containsExactly("web@beta");
    fleet.heard(GAMMA, list(web(0)));
    assertThat(who()).containsExactly("web@gamma");
    fleet.heard(BETA, list(web(5)));
    assertThat(who()).containsExactly("web@beta");
    fleet.silent(BETA);
    assertThat(who()).containsExactly("web@beta");
  }

  @Test
  void isCompleteWhenEveryPeerHasSpokenOrAWhileHasPassed() {
    assertThat(fleet.isComplete()).isFalse();
    fleet.heard(BETA, list());
    assertThat(fleet.isComplete()).isFalse();
    fleet.heard(GAMMA, list());
    assertThat(fleet.isComplete()).isTrue();
    fleet.silent(GAMMA);
    assertThat(fleet.isComplete()).isTrue();

    FleetNames alone =
        new FleetNames(
            ALPHA, NameFixtures.settings(53), own, Set.of(BETA), (_, _, _) -> true, nanos::get);
    assertThat(alone.isComplete()).isFalse();
    pass(FleetNames.GATHERING);
    assertThat(alone.isComplete()).isTrue();
  }

  @Test
  void whoIsNoPeerSaysNothing() {
    fleet.heard(new HostName("mallory"), list(web(9)));
    assertThat(who()).isEmpty();
  }

  @Test
  void aNameOfTwoGuestsIsTheOneThatIsHere() {
    fleet.heard(BETA, list(names(MAIL, 7, "web", "192.0.2.66")));
    own.here(web(0));
    assertThat(fleet.zones().of(WEB)).containsExactly("web.guests.example");
    assertThat(fleet.zones().of(MAIL)).isEmpty();
  }

  @Test
  void aGuestThatLeftIsToldOfForAWhileAndOneThatEndedIsNot() {
    own.here(web(0));
    own.here(names(MAIL, 0, "mail", "192.0.2.11"));
    own.left(WEB);
    own.ended(MAIL);
    assertThat(own.now().guests()).containsOnlyKeys(WEB);
    long version = own.version();
    pass(HostNames.LINGER);
    assertThat(own.version()).isNotEqualTo(version);
    assertThat(own.now().guests()).isEmpty();

    own.here(web(2));
    own.left(WEB);
    own.here(web(4)); // it came back
    pass(HostNames.LINGER);
    assertThat(own.now().guests()).containsOnlyKeys(WEB);
  }

  /** Moves at random, words that come late and out of order; when all is said all is right. */
  @Test
  void afterAnyJourneyTheLastHostHasTheGuest() {
    for (long seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      List<Map<GuestName, GuestNames>> ofBeta = new ArrayList<>();
      List<Map<GuestName, GuestNames>> ofGamma = new ArrayList<>();
      FleetNames observer =
          new FleetNames(
              ALPHA,
              NameFixtures.settings(53),
              new HostNames(nanos::get),
              Set.of(BETA, GAMMA),
              (_, _, _) -> true,
              nanos::get);
      HostName at = BETA;
      long sequence = 0;
      ofBeta.add(list(web(sequence)));
      for (int step = 0; step < 20; step++) {
        if (random.nextInt(3) == 0) {
          // What the old host says when it has forgotten the guest may come at any time.
          (at.equals(BETA) ? ofBeta : ofGamma).add(list());
          at = at.equals(BETA) ? GAMMA : BETA;
          sequence++;
          (at.equals(BETA) ? ofBeta : ofGamma).add(list(web(sequence)));
        }
        // One host's words come in order, those of two do not.
        if (random.nextBoolean() && !ofBeta.isEmpty()) {
          observer.heard(BETA, ofBeta.removeFirst());
        } else if (!ofGamma.isEmpty()) {
          observer.heard(GAMMA, ofGamma.removeFirst());
        }
      }
      ofGamma.forEach(word -> observer.heard(GAMMA, word));
      ofBeta.forEach(word -> observer.heard(BETA, word));
      assertThat(observer.claims())
          .as("seed %d", seed)
          .extracting(NameClaim::host)
          .containsExactly(at);
    }
  }
}
