package io.drover.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The page as a real browser lays it out; {@code packaging/install-dependencies tests} has it. */
@Tag("real")
class PageIT {
  private static final Pattern SEEN = Pattern.compile("<pre id=\"seen\">(.*?)</pre>");

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void write() {
    Report.write(
        folder,
        SampleResults.withNames(
            "drover auto with a name that is much longer than anybody would like it to be",
            "a_case_without_any_place_to_break_a_line_however_narrow_the_page_may_be, 2048 MB"));
  }

  @ParameterizedTest
  @CsvSource({"1280", "768", "390", "360"})
  void fitsThePageSoThatNothingButTablesScrollsSideways(int width) throws Exception {
    JsonNode seen = look(width);
    assertThat(seen.get("scrollWidth").asInt()).isLessThanOrEqualTo(width);
    assertThat(seen.get("sticksOut").asInt()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"1280", "390"})
  void showsEveryChartOnceInTypeThatCanBeRead(int width) throws Exception {
    JsonNode seen = look(width);
    assertThat(seen.get("charts").asInt()).isEqualTo(SampleResults.sweep().figures().size());
    assertThat(seen.get("smallestType").asDouble()).isGreaterThan(10);
  }

  @Test
  void isDarkForSomebodyWhoLikesItDark() throws Exception {
    assertThat(look(1280).get("paper").asString()).isEqualTo("rgb(255, 255, 255)");
    assertThat(look(1280, "--blink-settings=preferredColorScheme=0").get("paper").asString())
        .isEqualTo("rgb(20, 24, 29)");
  }

  @Test
  void showsOnPaperWhatIsFoldedAwayOnTheScreen() throws Exception {
    Path paper = folder.resolve("paper.pdf");
    browser("--no-pdf-header-footer", "--print-to-pdf=" + paper, page("report.html"));
    // Every page object of the file says so; the open parts alone take fewer.
    long pages =
        Pattern.compile("/Type\\s*/Page\\b(?!s)")
            .matcher(Files.readString(paper, StandardCharsets.ISO_8859_1))
            .results()
            .count();
    assertThat(pages).isGreaterThan(8);
  }

  private JsonNode look(int width, String... options) throws Exception {
    Files.writeString(
        folder.resolve("frame.html"), FRAME.replace("WIDTH", Integer.toString(width)));
    List<String> arguments = new ArrayList<>(Arrays.asList(options));
    arguments.addAll(List.of("--allow-file-access-from-files", "--dump-dom", page("frame.html")));
    Matcher seen = SEEN.matcher(browser(arguments.toArray(String[]::new)));
    assertThat(seen.find()).as("the frame was looked at").isTrue();
    return JsonMapper.builder().build().readTree(seen.group(1));
  }

  /** A window of its own cannot be as narrow as a phone, a frame can. */
  private static final String FRAME =
      """
      <!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
      <body style="margin:0"><iframe id="frame" src="report.html"
          style="width:WIDTHpx;height:1000px;border:0"></iframe><pre id="seen"></pre>
      <script>
      const frame = document.getElementById('frame');
      frame.onload = () => {
        const page = frame.contentDocument;
        const width = page.documentElement.clientWidth;
        const shown = [...page.querySelectorAll('svg')].filter(svg => svg.clientWidth > 0);
        const sizes = shown.flatMap(svg => [...svg.querySelectorAll('text')].map(text =>
            parseFloat(text.style.fontSize) * svg.clientWidth / svg.viewBox.baseVal.width));
        const out = [...page.querySelectorAll('body *')].filter(element =>
            !element.closest('.scroll') && element.getBoundingClientRect().right > width + 1);
        document.getElementById('seen').textContent = JSON.stringify({
          scrollWidth: page.documentElement.scrollWidth,
          sticksOut: out.length,
          charts: shown.length,
          smallestType: Math.min(...sizes),
          paper: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
        });
      };
      </script>
      """;

  private String page(String name) {
    return folder.resolve(name).toUri().toString();
  }

  /** Runs it to its end; anything that a page says on the console is a mistake. */
  private String browser(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "chromium",
                "--headless",
                // The tests run as root, in whose hands a browser refuses to have a sandbox.
                "--no-sandbox",
                "--disable-gpu",
                "--enable-logging=stderr",
                "--window-size=1400,1200",
                "--user-data-dir=" + folder.resolve("browser")));
    command.addAll(Arrays.asList(arguments));
    Path output = folder.resolve("browser.out");
    Path errors = folder.resolve("browser.err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("the browser ended").isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
    assertThat(Files.readString(errors)).doesNotContain("CONSOLE");
    return Files.readString(output);
  }
}
