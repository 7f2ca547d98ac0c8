package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.api.MigrationView;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A target whose QEMU is the older one of the machine's release. */
@Tag("real")
class OlderQemuIT {
  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() throws IOException {
    Path program =
        GuestImageBuilder.defaultCache(System.getenv())
            .resolve("older-qemu/usr/bin/qemu-system-x86_64");
    Capabilities.require(program);
    Fleet made = Fleet.up("it-older");
    up = Optional.of(made);
    Files.writeString(
        made.lab().runFolder(Fleet.BETA).resolve("drover/agent.yaml"),
        "qemu: " + program + "\n",
        StandardOpenOption.APPEND);
    made.agents().stop(Fleet.BETA);
    made.startAgent(Fleet.BETA);
  }

  @AfterAll
  static void end() {
    up.ifPresent(Fleet::close);
  }

  @AfterEach
  void reset() {
    fleet().reset();
  }

  private static Fleet fleet() {
    return up.orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"precopy", "postcopy", "hybrid", "auto", "cold"})
  void aGuestMovesThereAndTheDifferenceIsSaid(String mode) {
    assertThat(fleet().agent(Fleet.BETA).host().hypervisorVersion())
        .isNotEqualTo(fleet().agent(Fleet.ALPHA).host().hypervisorVersion());
    Traveller guest = fleet().boot(Fleet.ALPHA);
    MigrationView view = guest.move(mode);
    assertThat(view.warnings()).anyMatch(warning -> warning.code().equals("target-older-qemu"));
    guest.assertWell();
  }

  @Test
  void aQemuThatLosesPagesUnderEmulationIsNoSource() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    guest.move("precopy");
    assertThatThrownBy(() -> guest.begin("precopy"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("loses guest memory");
    guest.assertWell();
  }
}
