package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.api.GuestSpec;
import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GuestDefaultsTest {
  @Test
  void fillsInWhatLetsTheGuestMoveAnywhere() {
    GuestDefinition guest = GuestDefaults.complete(spec("512M"), new Random(1));

    assertThat(guest.memory()).isEqualTo(ByteSize.ofMebibytes(512));
    assertThat(guest.vcpus()).isEqualTo(1);
    assertThat(guest.machine()).isEqualTo("pc-i440fx-7.2");
    assertThat(guest.cpu()).isEqualTo("qemu64");
    assertThat(guest.commandLine()).isEmpty();
    assertThat(UUID.fromString(guest.uuid()).version()).isEqualTo(4);
    assertThat(UUID.fromString(guest.uuid()).variant()).isEqualTo(2);
    assertThat(guest.networkCards())
        .singleElement()
        .satisfies(card -> assertThat(card.mac()).startsWith("52:54:00:"));
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> GuestDefaults.complete(spec("lots"), new Random(1)))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("lots");
  }

  private static GuestSpec spec(String memory) {
    return new GuestSpec(
        "web",
        Optional.empty(),
        memory,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(List.of(new GuestSpec.CardSpec(Optional.empty(), "br0"))),
        Optional.empty(),
        Optional.empty());
  }
}
