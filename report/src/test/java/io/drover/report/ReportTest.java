package io.drover.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReportTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void jsonThatWasWrittenIsReadBackTheSame() {
    Results results = SampleResults.sweep();
    assertThat(Report.read(Report.json(results))).isEqualTo(results);
    assertThat(Report.read(Report.json(SampleResults.nothing())))
        .isEqualTo(SampleResults.nothing());
  }

  @Test
  void jsonHasTheKeysThatTheDocumentationNames() {
    JsonNode json = JsonMapper.builder().build().readTree(Report.json(SampleResults.sweep()));
    assertThat(json.propertyNames())
        .contains("experiment", "environment", "measures", "published", "targets");
    assertThat(json.get("measures").get(0).propertyNames())
        .contains("contender", "case", "measure", "unit", "values", "median")
        .doesNotContain("source");
    assertThat(json.get("published").get(0).propertyNames())
        .contains("contender", "case", "measure", "unit", "values", "median", "source");
    assertThat(json.get("targets").get(0).propertyNames())
        .contains("text", "limit", "measured", "holds");
    assertThat(json.get("targets").get(2).propertyNames()).doesNotContain("measured");
    assertThat(json.get("figures").get(0).get("kind").asString()).isEqualTo("curve");
  }

  @Test
  void textThatIsNotResultsIsRefusedWithAProblem() {
    assertThatThrownBy(() -> Report.read("{\"experiment\": 1, \"surprise\": 2}"))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> Report.read("not json")).isInstanceOf(ProblemException.class);
  }

  @Test
  void aRowOfNoValuesOrOfInfiniteOnesIsRefused() {
    assertThatThrownBy(() -> Row.of("a", "b", "c", "s", List.of()))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> Row.of("a", "b", "c", "s", List.of(Double.POSITIVE_INFINITY)))
        .isInstanceOf(ProblemException.class);
  }

  @Test
  void aTargetCannotSayThatItHoldsAgainstItsOwnNumbers() {
    assertThatThrownBy(
            () -> new Verdict("total", 1, Verdict.Bound.AT_MOST, OptionalDouble.of(2), "x", true))
        .isInstanceOf(IllegalStateException.class);
    assertThat(Verdict.of("total", 1, Verdict.Bound.AT_MOST, OptionalDouble.empty(), "x").holds())
        .isFalse();
  }

  @Test
  void csvHasALineForEachRunAndQuotesWhatNeedsIt() throws IOException {
    Report.write(folder, SampleResults.sweep());
    String csv = Files.readString(folder.resolve("results.csv"));
    assertThat(csv.lines().findFirst().orElseThrow())
        .isEqualTo("experiment,case,group,x,contender,kind,measure,unit,run,value,source");
    assertThat(csv)
        .contains(
            "modes,\"1 Gbit/s, 2048 MB\",1 Gbit/s,2048,published hybrid,published,total time,s,1,47,\""
                + SampleResults.SOURCE
                + "\"\r\n");
    Results results = SampleResults.sweep();
    long values =
        results.measures().stream().mapToLong(row -> row.values().size()).sum()
            + results.published().size();
    assertThat(csv.lines()).hasSize((int) values + 1);
  }
}
