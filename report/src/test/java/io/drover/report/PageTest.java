package io.drover.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.report.Yardstick.Better;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class PageTest {
  private static final Pattern SVG = Pattern.compile("<svg .*?</svg>", Pattern.DOTALL);

  @TempDir private Path folder = Path.of("");

  static List<Results> everyKindOfResults() {
    return List.of(
        SampleResults.sweep(),
        SampleResults.nothing(),
        SampleResults.withNames(
            "<script>alert(1)</script> & \"friends\"", "a<b>, ' 2048 MB \u0001"),
        SampleResults.duel(Better.LOWER, List.of(1.0), List.of(2.0), 3),
        SampleResults.duel(Better.HIGHER, List.of(0.0, 0.0), List.of(0.0, 0.0), 0),
        SampleResults.duel(Better.LOWER, List.of(1e-9, 2e-9), List.of(1e12, 3e12), 1e15),
        SampleResults.duel(Better.LOWER, List.of(-3.0, 5.0), List.of(-1.0), -2),
        SampleResults.duel(Better.LOWER, List.of(), List.of(), 3));
  }

  @ParameterizedTest
  @MethodSource("everyKindOfResults")
  void everyPictureIsWellFormedAndHasNoNumberThatIsNone(Results results) throws Exception {
    List<Document> pictures = pictures(Page.of(results, List.of()));
    // Each is drawn for a wide and for a narrow page.
    assertThat(pictures).hasSize(2 * results.figures().size());
    String page = Page.of(results, List.of());
    assertThat(page).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @ParameterizedTest
  @MethodSource("everyKindOfResults")
  void thePageNeedsNothingElse(Results results) {
    assertThat(Page.of(results, List.of()))
        .doesNotContain("<script")
        .doesNotContain("<img")
        .doesNotContain("src=")
        .doesNotContain("@import")
        .doesNotContain("url(");
  }

  @Test
  void everyContenderThatWasMeasuredIsInThePicture() throws Exception {
    List<Document> pictures = pictures(Page.of(SampleResults.sweep(), List.of()));
    assertThat(texts(pictures.getFirst()))
        .contains(
            "published hybrid",
            "stock hybrid",
            "stock pre-copy",
            "drover auto",
            "drover hybrid",
            "line rate",
            "stressed memory, MB",
            "total time, s");
    assertThat(texts(pictures.get(4))).contains("drover auto", "1 Gbit/s, 2048 MB", "not measured");
    assertThat(texts(pictures.get(6)))
        .anyMatch(
            text -> text.startsWith("median ") && text.contains("p90") && text.contains("p99"));
    assertThat(texts(pictures.get(8))).contains("stock hybrid", "seconds since the order");
  }

  @Test
  void everyRunIsAPointAndPublishedNumbersAreDashed() {
    Results results = SampleResults.duel(Better.LOWER, List.of(1.0, 2.0, 3.0), List.of(4.0), 5);
    String bars =
        SvgCanvas.draw(
            Chart.of(results.figures().get(1), results, new Looks(results.contenders())),
            820,
            "Bars");
    assertThat(bars.split("<circle", -1)).hasSize(1 + 3);
    assertThat(bars).contains("stroke:var(--published);stroke-width:1.3;stroke-dasharray");
  }

  @Test
  void namesArePlainTextWhateverTheyAre() {
    String page =
        Page.of(
            SampleResults.withNames("<b>x</b>&amp;", "\"><script>alert(1)</script>"), List.of());
    assertThat(page)
        .contains("&lt;b&gt;x&lt;/b&gt;&amp;amp;")
        .doesNotContain("<script>")
        .doesNotContain("<b>x</b>");
  }

  @Test
  void anEmptyCellSaysWhy() {
    assertThat(Page.of(SampleResults.sweep(), List.of()))
        .contains("drover pre-copy: Switched off with --contenders for this sample.")
        .contains("QEMU ended with signal 6")
        .contains("Nobody published a number for this that we know of.");
    assertThat(Page.of(SampleResults.duel(Better.LOWER, List.of(1.0), List.of(), 2), List.of()))
        .contains("stock hybrid: not among what was run.");
  }

  @Test
  void targetsShowWhetherTheyHold() {
    assertThat(Page.of(SampleResults.sweep(), List.of()))
        .contains("✔", "✘", "at most 1.15", "at least 0.97", "not measured");
  }

  @Test
  void whatCouldNotBeMadeIsSaidOnThePage() {
    assertThat(Page.of(SampleResults.sweep(), List.of("There are no PNG files: no font.")))
        .contains("There are no PNG files: no font.");
  }

  @Test
  void aFolderGetsAPictureForEachFigureAndNothingUnfinished() throws IOException {
    Results results = SampleResults.sweep();
    Report.Written written = Report.write(folder, results);
    assertThat(written.missing()).isEmpty();
    assertThat(written.files()).allMatch(Files::exists).hasSize(3 + results.figures().size());
    try (var files = Files.list(folder)) {
      assertThat(files).hasSameSizeAs(written.files());
    }
    var image = ImageIO.read(folder.resolve("total-time-1-gbit-s.png").toFile());
    assertThat(image.getWidth()).isEqualTo(1720);
    long coloured = 0;
    for (int x = 0; x < image.getWidth(); x += 3) {
      for (int y = 0; y < image.getHeight(); y += 3) {
        coloured += (image.getRGB(x, y) & 0xffffff) == Ink.DROVER_1.light() ? 1 : 0;
      }
    }
    assertThat(coloured).isPositive();
  }

  @Test
  void figuresWithTheSameTitleDoNotOverwriteEachOther() {
    Results results = SampleResults.duel(Better.LOWER, List.of(1.0), List.of(2.0), 3);
    Results twice =
        Report.read(
            Report.json(results).replace("\"Curve\"", "\"Bars\"").replace("\"Timeline\"", "\"…\""));
    List<String> names =
        Report.write(folder, twice).files().stream()
            .map(file -> file.getFileName().toString())
            .toList();
    assertThat(names).contains("bars.png", "bars-2.png", "figure.png").doesNotHaveDuplicates();
  }

  private static List<Document> pictures(String page) throws Exception {
    List<Document> pictures = new ArrayList<>();
    Matcher matcher = SVG.matcher(page);
    while (matcher.find()) {
      pictures.add(
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(matcher.group()))));
    }
    return pictures;
  }

  private static List<String> texts(Document picture) {
    NodeList nodes = picture.getElementsByTagName("text");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getTextContent());
    }
    return texts;
  }
}
