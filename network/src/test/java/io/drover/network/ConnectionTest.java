package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.IpAddress;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionTest {
  private static final String TCP =
      "-A -t 431999 -u SEEN_REPLY,ASSURED -s 192.0.2.10 -d 198.51.100.9 -r 198.51.100.9"
          + " -q 192.0.2.10 -p tcp --sport 5000 --dport 80 --reply-port-src 80"
          + " --reply-port-dst 5000 --state ESTABLISHED";
  private static final Set<IpAddress> WEB = Set.of(new IpAddress("192.0.2.10"));

  @Test
  void saysWhatItRead() {
    Connection connection = Connection.parse(TCP).orElseThrow();
    assertThat(Connection.parse(connection.line())).contains(connection);
    assertThat(connection.line()).contains(" -t 431999 ").contains("--state ESTABLISHED");
  }

  @Test
  void belongsToTheGuestOnEitherSide() {
    assertThat(Connection.parse(TCP).orElseThrow().isOf(WEB)).isTrue();
    assertThat(Connection.parse(TCP).orElseThrow().isOf(Set.of(new IpAddress("198.51.100.9"))))
        .isTrue();
    assertThat(Connection.parse(TCP).orElseThrow().isOf(Set.of(new IpAddress("192.0.2.11"))))
        .isFalse();
  }

  @Test
  void whatIsTranslatedHereStaysHere() {
    assertThat(
            Connection.parse(TCP.replace("-q 192.0.2.10", "-q 203.0.113.1"))
                .orElseThrow()
                .isOf(WEB))
        .isFalse();
    assertThat(
            Connection.parse(TCP.replace("--reply-port-dst 5000", "--reply-port-dst 6000"))
                .orElseThrow()
                .isOf(WEB))
        .isFalse();
  }

  @Test
  void isOverWhenBothEndsHaveDoneWithIt() {
    assertThat(Connection.parse(TCP).orElseThrow().isOver()).isFalse();
    for (String state : Set.of("TIME_WAIT", "CLOSE")) {
      assertThat(Connection.parse(TCP.replace("ESTABLISHED", state)).orElseThrow().isOver())
          .isTrue();
    }
    assertThat(Connection.parse(TCP.replace("ESTABLISHED", "FIN_WAIT")).orElseThrow().isOver())
        .isFalse();
    String udp = TCP.replace("-p tcp", "-p udp").replace(" --state ESTABLISHED", "");
    assertThat(Connection.parse(udp).orElseThrow().isOver()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-D -s 192.0.2.10",
        "-A -s 192.0.2.10 -d 198.51.100.9 -r 198.51.100.9",
        "-A -s 192.0.2.10 -d 198.51.100.9 -r 198.51.100.9 -q 192.0.2.10 -w 3",
        "-A -s 192.0.2.10 -d 198.51.100.9 -r 198.51.100.9 -q 192.0.2.10 --load-file /etc/shadow",
        "-A -s 192.0.2.10 -d 198.51.100.9 -r 198.51.100.9 -q 192.0.2.10 -p $(reboot)",
        "-A -s web -d 198.51.100.9 -r 198.51.100.9 -q 192.0.2.10 -p tcp",
        "-A -s 192.0.2.10 -d 198.51.100.9 -r 198.51.100.9 -q 192.0.2.10 -p",
      })
  void nothingElseIsTaken(String line) {
    assertThat(Connection.parse(line)).isEmpty();
  }
}
