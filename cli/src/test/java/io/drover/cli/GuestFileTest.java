package io.drover.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.api.GuestSpec;
import io.drover.model.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuestFileTest {
  private static final GuestSpec WEB =
      new GuestSpec(
          "web",
          Optional.empty(),
          "512M",
          Optional.of(2),
          Optional.empty(),
          Optional.empty(),
          Optional.of("/boot/vmlinuz"),
          Optional.empty(),
          Optional.of("console=ttyS0 quiet"),
          Optional.of(
              List.of(
                  new GuestSpec.CardSpec(Optional.of("52:54:00:12:34:56"), "br0"),
                  new GuestSpec.CardSpec(Optional.empty(), "br1"))),
          Optional.of(
              List.of(new GuestSpec.DiskSpec("/srv/web.img", "qcow2", Optional.of("root")))),
          Optional.empty(),
          Optional.empty());

  @Test
  void readsYaml() {
    assertThat(
            GuestFile.parse(
                """
                # a guest
                name: web
                memory: 512M
                vcpus: 2
                kernel: /boot/vmlinuz
                command-line: console=ttyS0 quiet
                network-cards:
                  - {mac: "52:54:00:12:34:56", bridge: br0}
                  - bridge: br1
                disks:
                  - {path: /srv/web.img, format: qcow2, serial: root}
                """,
                "web.yaml"))
        .isEqualTo(WEB);
  }

  @Test
  void readsJsonFromStandardInput() {
    InputStream json =
        new ByteArrayInputStream(io.drover.api.Json.write(WEB).getBytes(StandardCharsets.UTF_8));

    assertThat(GuestFile.read("-", json)).isEqualTo(WEB);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: web~memory 512M|line 2",
        "name: web~memory: 512M~colour: red|line 3: unknown key 'colour'",
        "name: web~memory: 512M~vcpus: two|line 3: 'two' is not a number",
        "name: web~memory: [1]|line 2: a single value",
        "name: web~memory: 1G~network-cards: br0|line 3: network-cards wants a list",
        "name: web~memory: 1G~network-cards:~  - {mac: x}|line 4: the network card has no 'bridge'",
        "name: web~memory: 1G~networkCards: []~network-cards: []|line 4: the key",
        "name: web|the key 'memory' is missing",
        "- name|line 1: keys and values",
        "''|it is empty",
      })
  void tellsAMistakeWithItsLine(String text, String expected) {
    assertThatThrownBy(() -> GuestFile.parse(text.replace("~", "\n").replace("''", ""), "web.yaml"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("web.yaml")
        .hasMessageContaining(expected);
  }

  @Test
  void saysThatTheFileDoesNotExist() {
    assertThatThrownBy(() -> GuestFile.read("/nowhere/web.yaml", InputStream.nullInputStream()))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("/nowhere/web.yaml does not exist");
  }

  @FuzzTest(maxDuration = "20s")
  void neverFailsWithAnythingButAProblem(byte[] bytes) {
    try {
      GuestFile.read("-", new ByteArrayInputStream(bytes));
    } catch (ProblemException expected) {
      if (expected.problem().message().isEmpty()) {
        throw new AssertionError("a problem without a sentence");
      }
    }
  }
}
