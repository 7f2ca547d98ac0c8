package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.api.EventSource;
import io.drover.api.EventView;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventFeedTest {
  private static final Duration AT_ONCE = Duration.ZERO;
  private final EventFeed feed = new EventFeed(() -> Instant.ofEpochMilli(42));

  @Test
  void tellsEverySubscriberEverythingInOrder() throws InterruptedException {
    feed.publish(Views.guest("before"));
    EventSource one = feed.subscribe();
    EventSource two = feed.subscribe();
    feed.publish(Views.guest("web"));
    feed.publish(Views.migration("m0000000001"));

    for (EventSource source : List.of(one, two)) {
      assertThat(source.next(AT_ONCE))
          .hasValueSatisfying(
              event -> {
                assertThat(event.sequence()).isEqualTo(2);
                assertThat(event.atEpochMillis()).isEqualTo(42);
                assertThat(event.kind()).isEqualTo("guest");
                assertThat(event.guest()).contains(Views.guest("web"));
              });
      assertThat(source.next(AT_ONCE)).map(EventView::kind).contains("migration");
      assertThat(source.next(AT_ONCE)).isEmpty();
      assertThat(source.ended()).isFalse();
    }
  }

  @Test
  void dropsASlowSubscriberWithAMarkerAndNeverWaitsForIt() throws InterruptedException {
    EventSource slow = feed.subscribe();
    EventSource quick = feed.subscribe();
    for (int i = 0; i < EventFeed.CAPACITY + 10; i++) {
      feed.publish(Views.guest("web"));
      assertThat(quick.next(AT_ONCE)).isPresent();
    }

    List<String> kinds = new ArrayList<>();
    Optional<EventView> event = slow.next(AT_ONCE);
    while (event.isPresent()) {
      kinds.add(event.get().kind());
      event = slow.next(AT_ONCE);
    }

    assertThat(kinds).hasSize(EventFeed.CAPACITY + 1);
    assertThat(kinds.getLast()).isEqualTo("dropped");
    assertThat(slow.ended()).isTrue();
    assertThat(quick.ended()).isFalse();
  }

  @Test
  void forgetsWhoClosedAndTakesNoMoreThanItCanHold() {
    List<EventSource> sources = new ArrayList<>();
    for (int i = 0; i < EventFeed.MAX_SUBSCRIBERS; i++) {
      sources.add(feed.subscribe());
    }
    assertThatThrownBy(feed::subscribe).isInstanceOf(ProblemException.class);
    sources.forEach(EventSource::close);

    assertThat(sources).allMatch(EventSource::ended);
    feed.subscribe().close();
  }
}
