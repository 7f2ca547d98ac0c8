package io.drover.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
  @Test
  void anAddressHasOneForm() {
    assertThat(new IpAddress("2001:db8::10")).isEqualTo(new IpAddress("2001:DB8:0:0::0010"));
    assertThat(new IpAddress("192.0.2.10").asPrefix()).isEqualTo("192.0.2.10/32");
    assertThat(new IpAddress("2001:db8::10").asPrefix()).endsWith("/128");
    assertThat(new IpAddress("::ffff:192.0.2.1")).isEqualTo(new IpAddress("192.0.2.1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "localhost", "192.0.2.10/24", "fe80::1%eth0", "192.0.2.256", "::g"})
  void nothingElseIsOne(String text) {
    assertThatThrownBy(() -> new IpAddress(text)).isInstanceOf(ProblemException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Web.example.org", "-web.example.org", "web..org", "a b.org", "web."})
  void aCardsDnsNameIsWholeOrOneWord(String name) {
    assertThatThrownBy(
            () -> new NetworkCard("52:54:00:00:00:01", "br0", List.of(), Optional.of(name)))
        .isInstanceOf(ProblemException.class);
    for (String good : List.of("web-1.example.org", "web")) {
      assertThat(
              new NetworkCard("52:54:00:00:00:01", "br0", List.of(), Optional.of(good)).dnsName())
          .contains(good);
    }
  }
}
