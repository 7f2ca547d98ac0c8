package io.drover.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A target makes a file's name of what a source says. */
class BaseImageTest {
  @Test
  void aBaseHasTheNameOfAFileAndADigest() {
    Optional<String> digest = Optional.of("ab".repeat(32));
    for (String name : List.of("", "a/b", "../a", "a\0")) {
      assertThatThrownBy(() -> new PeerMessage.BaseImage(name, 1, 1, digest))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (String digits : List.of("", "ab", "../" + "a".repeat(61), "AB".repeat(32))) {
      assertThatThrownBy(() -> new PeerMessage.BaseImage("a", 1, 1, Optional.of(digits)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(new PeerMessage.BaseImage("a", 1, 1, digest).digest()).isEqualTo(digest);
  }
}
