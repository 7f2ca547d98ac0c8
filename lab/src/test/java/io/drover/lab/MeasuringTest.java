package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.api.MigrationView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class MeasuringTest {
  static MigrationView view(String phase, Optional<String> outcome, double progress) {
    return new MigrationView(
        "m0123456789",
        "demo",
        "source",
        "alpha",
        "beta",
        "auto",
        "precopy",
        "it converges",
        "tunnel",
        phase,
        outcome,
        Optional.empty(),
        0,
        2.0,
        progress,
        Optional.of(3.0),
        512L << 20,
        0,
        100L << 20,
        50_000_000,
        0,
        2,
        Optional.empty(),
        100,
        Optional.of(12.34),
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

  private static MeasuredMove move(String outcome, long errors, List<String> faults) {
    return new MeasuredMove(
        view("ended", Optional.of(outcome), 1),
        42.5,
        11,
        3,
        250_000_000,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        Optional.of(new MemoryStatus(3, 1, 5, 100, errors, 10, 99, Optional.empty())),
        faults,
        List.of(),
        Optional.empty());
  }

  @Test
  void findsTheLongestSilenceSinceTheMoveBegan() {
    PingTrace trace = new PingTrace();
    trace.accept("PING 192.0.2.100 (192.0.2.100) 16(44) bytes of data.");
    trace.accept("[100.000000] 24 bytes from 192.0.2.100: icmp_seq=1 ttl=64 time=0.5 ms");
    trace.accept("[100.500000] 24 bytes from 192.0.2.100: icmp_seq=2 ttl=64 time=0.5 ms");
    trace.accept("[100.510000] no answer yet for icmp_seq=3");
    trace.accept("[100.520000] 24 bytes from 192.0.2.100: icmp_seq=4 ttl=64 time=0.5 ms");
    trace.accept("[100.650000] 24 bytes from 192.0.2.100: icmp_seq=5 ttl=64 time=0.5 ms");
    trace.accept("[100.66");
    assertThat(trace.answers()).isEqualTo(4);
    assertThat(trace.unanswered()).isEqualTo(1);
    assertThat(trace.longestGapMillis(0)).isEqualTo(500);
    assertThat(trace.longestGapMillis(100_600)).isEqualTo(130);
    assertThat(trace.longestGapMillis(200_000)).isZero();
  }

  @Test
  void readsTheCountersOfOneInterface() {
    String table =
        """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
            lo:       1       0    0    0    0     0          0         0        2       0    0
          mig0: 1234567    10    0    0    0     0          0         0  7654321      12    0
        """;
    assertThat(LinkCounters.parse(table, "mig0")).isEqualTo(new LinkCounters(1234567, 7654321));
    assertThatThrownBy(() -> LinkCounters.parse(table, "mig1"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theReportHasTheFieldsThatProgramsRelyOn() {
    DemoReport report = DemoReport.of(move("completed", 0, List.of()), List.of(), Optional.empty());
    var json =
        JsonMapper.builder()
            .build()
            .readTree(JsonMapper.builder().build().writeValueAsString(report));
    assertThat(json.get("outcome").asString()).isEqualTo("completed");
    assertThat(json.get("mode").asString()).isEqualTo("precopy");
    assertThat(json.get("totalMillis").asDouble()).isEqualTo(2000);
    assertThat(json.get("downtimeMillis").asDouble()).isEqualTo(12.3);
    assertThat(json.get("clientGapMillis").asDouble()).isEqualTo(42.5);
    assertThat(json.get("bytesSent").asLong()).isEqualTo(100L << 20);
    assertThat(json.get("linkMegabitsPerSecond").asDouble()).isEqualTo(1000);
    assertThat(json.get("memoryVerified").asBoolean()).isTrue();
    assertThat(json.get("memoryErrors").asLong()).isZero();
    assertThat(json.get("leftovers").isEmpty()).isTrue();
    assertThat(report.good()).isTrue();
  }

  @Test
  void badMemoryLeftoversAndAbortsAreNotGood() {
    assertThat(DemoReport.of(move("completed", 1, List.of()), List.of(), Optional.empty()).good())
        .isFalse();
    assertThat(
            DemoReport.of(move("completed", 0, List.of("Oops")), List.of(), Optional.empty())
                .good())
        .isFalse();
    assertThat(
            DemoReport.of(move("completed", 0, List.of()), List.of("process 1"), Optional.empty())
                .good())
        .isFalse();
    assertThat(DemoReport.of(move("aborted", 0, List.of()), List.of(), Optional.empty()).good())
        .isFalse();
  }

  @Test
  void theSummarySaysWhatAPersonWantsToKnow() {
    DemoReport report =
        DemoReport.of(move("completed", 0, List.of()), List.of(), Optional.of("demo"));
    assertThat(String.join("\n", report.summary("256 MB rewritten at 100 MB/s")))
        .contains("moved in 2.0 s", "it converges", "every byte", "lab down --name demo");
  }

  @Test
  void theBarStaysWithinItsBounds() {
    assertThat(Steps.bar(view("copy", Optional.empty(), 0.5))).contains("50 %", "copy", "3 s left");
    assertThat(Steps.bar(view("copy", Optional.empty(), 7))).contains("100 %").doesNotContain("·");
    assertThat(Steps.bar(view("copy", Optional.empty(), -1))).contains("  0 %");
  }
}
