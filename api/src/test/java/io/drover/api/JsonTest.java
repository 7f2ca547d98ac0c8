package io.drover.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
  private static final GuestSpec SPEC =
      new GuestSpec(
          "web",
          Optional.empty(),
          "512M",
          Optional.of(2),
          Optional.empty(),
          Optional.empty(),
          Optional.of("/boot/vmlinuz"),
          Optional.empty(),
          Optional.empty(),
          Optional.of(List.of(new GuestSpec.CardSpec(Optional.empty(), "br0"))),
          Optional.empty(),
          Optional.empty());

  @Test
  void leavesOutWhatIsEmptyAndReadsItBack() {
    String text = Json.write(SPEC);

    assertThat(text)
        .isEqualTo(
            "{\"name\":\"web\",\"memory\":\"512M\",\"vcpus\":2,\"kernel\":\"/boot/vmlinuz\","
                + "\"networkCards\":[{\"bridge\":\"br0\"}]}");
    assertThat(Json.readRequest(text, GuestSpec.class)).isEqualTo(SPEC);
    assertThat(Json.readView(text, GuestSpec.class)).isEqualTo(SPEC);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"guest\":\"web\"}|'to'",
        "{\"guest\":null,\"to\":\"beta\"}|'guest'",
        "{\"guest\":\"web\",\"to\":\"beta\",\"tp\":1}|unknown member 'tp'",
        "{\"guest\":\"web\",\"to\":\"beta\",\"maxDowntimeMillis\":\"12\"}|'maxDowntimeMillis'",
        "{\"guest\":\"web\",\"to\":\"beta\",\"maxDowntimeMillis\":1.5}|'maxDowntimeMillis'",
        "{\"guest\":\"web\",\"guest\":\"web\",\"to\":\"beta\"}|uplicate",
        "{\"guest\":\"web\",\"to\":\"beta\"}{}|something follows",
        "null|null",
        "[]|cannot be used",
        "{\"guest\":\"web\",|line 1",
      })
  void refusesWhatARequestMustNotHoldAndSaysWhere(String text, String expected) {
    assertThatThrownBy(() -> Json.readRequest(text, MigrationRequest.class))
        .isInstanceOf(io.drover.model.ProblemException.class)
        .hasMessageContaining(expected)
        .hasMessageNotContaining("io.drover");
  }

  @Test
  void readsAnAnswerOfANewerAgent() {
    String text =
        "{\"kind\":\"usage\",\"code\":\"c\",\"message\":\"m\",\"remedy\":\"r\",\"new\":[1]}";

    assertThat(Json.readView(text, ProblemView.class))
        .isEqualTo(new ProblemView("usage", "c", "m", "r"));
  }

  @Test
  void refusesDepthWithoutEnd() {
    String deep = "[".repeat(100_000);

    assertThatThrownBy(() -> Json.readRequest(deep, Object.class))
        .isInstanceOf(io.drover.model.ProblemException.class)
        .hasMessageContaining("depth");
  }
}
