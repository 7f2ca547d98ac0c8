package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.wire.Purpose;
import io.drover.wire.Ticket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TicketsTest {
  private static final MigrationId ID = new MigrationId("m0123456789");
  private static final HostName ALPHA = new HostName("alpha");
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // wraps on the way
  private final Tickets tickets =
      new Tickets(new SecureRandom(), Duration.ofSeconds(30), nanos::get);

  @Test
  void eachTicketIsGoodForItsOwnChannelOnce() {
    List<Ticket> issued = tickets.issue(ID, 0, 3, ALPHA);
    assertThat(issued).doesNotHaveDuplicates().hasSize(3);
    for (int channel = 2; channel >= 0; channel--) {
      assertThat(redeem(0, channel, issued.get(channel))).isTrue();
      assertThat(redeem(0, channel, issued.get(channel))).isFalse();
    }
  }

  @Test
  void aTicketExpires() {
    List<Ticket> issued = tickets.issue(ID, 0, 2, ALPHA);
    nanos.addAndGet(Duration.ofSeconds(30).toNanos());
    assertThat(redeem(0, 0, issued.get(0))).isTrue();
    nanos.addAndGet(1);
    assertThat(redeem(0, 1, issued.get(1))).isFalse();
  }

  @Test
  void aNewAttemptMakesTheOldOnesTicketsUseless() {
    List<Ticket> first = tickets.issue(ID, 0, 1, ALPHA);
    List<Ticket> second = tickets.issue(ID, 1, 1, ALPHA);
    assertThat(redeem(0, 0, first.getFirst())).isFalse();
    assertThat(redeem(1, 0, first.getFirst())).isFalse();
    assertThat(redeem(1, 0, second.getFirst())).isTrue();
  }

  @Test
  void aWrongGuessDoesNotSpoilTheRightTicket() {
    Ticket right = tickets.issue(ID, 0, 1, ALPHA).getFirst();
    assertThat(redeem(0, 0, new Ticket(right.high() + 1, right.low()))).isFalse();
    assertThat(tickets.redeem(new HostName("gamma"), new Purpose.Channel(ID, 0, 0, right)))
        .isPresent();
    assertThat(redeem(0, 0, right)).isTrue();
  }

  @Test
  void revokedTicketsAreUseless() {
    Ticket ticket = tickets.issue(ID, 0, 1, ALPHA).getFirst();
    tickets.revoke(ID);
    assertThat(redeem(0, 0, ticket)).isFalse();
  }

  private boolean redeem(int attempt, int channel, Ticket ticket) {
    return tickets.redeem(ALPHA, new Purpose.Channel(ID, attempt, channel, ticket)).isEmpty();
  }
}
