package io.drover.report;

import io.drover.report.Duel.Outcome;
import io.drover.report.Findings.Comparison;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The report as one page that needs nothing else: no script, no file beside it. What was found
 * comes first, what it was found with last.
 */
final class Page {
  /**
   * Charts are drawn for both, since type that fits one is too small or too large for the other.
   */
  private static final double WIDE = 820;

  private static final double NARROW = 350;

  private final StringBuilder html = new StringBuilder();
  private final Results results;
  private final Looks looks;
  private final List<String> missing;

  private Page(Results results, List<String> missing) {
    this.results = results;
    this.missing = missing;
    this.looks = new Looks(results.contenders());
  }

  /**
   * Writes the page.
   *
   * @param missing what could not be made along with it
   */
  static String of(Results results, List<String> missing) {
    return new Page(results, missing).write();
  }

  private String write() {
    html.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .append("<meta name=\"color-scheme\" content=\"light dark\">")
        // Without it a browser asks the server, or the disk, for one.
        .append("<link rel=\"icon\" href=\"data:,\">");
    element("title", "drover bench " + results.experiment());
    html.append("<style>").append(styleSheet()).append("</style></head><body>\n");
    header();
    html.append("<main>\n");
    verdict();
    targets();
    figures();
    html.append("<section id=\"tables\">");
    element("h2", "Numbers");
    new Tables(results, html).write();
    html.append("</section>\n");
    gaps();
    environment();
    html.append("</main></body></html>\n");
    return html.toString();
  }

  private void header() {
    html.append("<header><p class=\"kicker\">drover bench ")
        .append(Html.escape(results.experiment()))
        .append("</p>");
    element("h1", results.question());
    for (String note : results.notes()) {
      html.append("<p class=\"note\">").append(Html.escape(note)).append("</p>");
    }
    html.append("</header>\n");
  }

  private void verdict() {
    Verdicts verdicts = Verdicts.of(results);
    html.append("<section id=\"verdict\">");
    element("h2", "Verdict");
    html.append("<ul class=\"summary\">");
    verdicts.summary().forEach(this::sentence);
    html.append("</ul>");
    Findings findings = Findings.of(results);
    if (!findings.comparisons().isEmpty()) {
      scores(findings);
      list("Where Drover loses", "bad", verdicts.losses());
      list("Where Drover wins", "good", verdicts.wins());
    }
    folded("Too close to call", verdicts.close());
    folded("Beside the published numbers, which come from other machines", verdicts.published());
    html.append("</section>\n");
  }

  /** What it is about stands out. */
  private void sentence(String text) {
    int colon = text.indexOf(": ");
    html.append("<li>");
    if (colon > 0) {
      element("b", text.substring(0, colon + 1));
    }
    html.append(Html.escape(text.substring(colon + 1))).append("</li>");
  }

  private void list(String heading, String kind, List<String> sentences) {
    element("h3 class=\"%s\"".formatted(kind), "h3", heading);
    if (sentences.isEmpty()) {
      element("p", "Nowhere, in what was measured here.");
    } else {
      html.append("<ul>");
      sentences.forEach(this::sentence);
      html.append("</ul>");
    }
  }

  private void folded(String heading, List<String> sentences) {
    if (!sentences.isEmpty()) {
      html.append("<details>");
      element("summary", heading);
      html.append("<ul>");
      sentences.forEach(this::sentence);
      html.append("</ul></details>");
    }
  }

  /** Who wins, at a glance. */
  private void scores(Findings findings) {
    for (Yardstick yardstick : findings.yardsticks()) {
      html.append("<h3>").append(Html.escape(Verdicts.capital(yardstick.measure())));
      html.append(
          yardstick.better() == Yardstick.Better.LOWER
              ? " <span>less is better</span></h3>"
              : " <span>more is better</span></h3>");
      html.append("<div class=\"scores\">");
      findings.by(yardstick).forEach(this::score);
      html.append("</div>");
    }
    element(
        "p class=\"small\"",
        "p",
        "Of several cases it is the one in the middle. A case is too close to call where the"
            + " medians are within 1 %, or fewer than four in five pairs of runs say what the medians"
            + " say.");
  }

  private void score(Comparison comparison) {
    int wins = comparison.of(Outcome.WINS).size();
    int close = comparison.of(Outcome.LEVEL).size();
    int losses = comparison.of(Outcome.LOSES).size();
    String kind = wins > close + losses ? "good" : losses > close + wins ? "bad" : "even";
    html.append("<div class=\"score ").append(kind).append("\">");
    element("p class=\"who\"", "p", comparison.drover().name());
    String difference = comparison.difference();
    int joint = difference.lastIndexOf(' ');
    element("p class=\"difference\"", "p", difference.substring(0, joint));
    element(
        "p class=\"whom\"", "p", difference.substring(joint + 1) + " " + comparison.other().name());
    html.append("<p class=\"tally\" aria-hidden=\"true\">");
    share("good", wins);
    share("even", close);
    share("bad", losses);
    html.append("</p>");
    element("p class=\"count\"", "p", Verdicts.tally(comparison));
    html.append("</div>");
  }

  private void share(String kind, int count) {
    if (count > 0) {
      html.append("<i class=\"%s\" style=\"flex-grow:%d\"></i>".formatted(kind, count));
    }
  }

  private void targets() {
    html.append("<section id=\"targets\">");
    element("h2", "Targets");
    if (results.targets().isEmpty()) {
      element("p", "This experiment has no targets.");
    } else {
      html.append("<div class=\"scroll\" tabindex=\"0\"><table class=\"targets\"><thead><tr>");
      html.append(
          "<th></th><th>target</th><th class=\"n\">limit</th><th class=\"n\">measured</th></tr></thead><tbody>");
      for (Verdict target : results.targets()) {
        html.append(
            target.holds()
                ? "<tr><td class=\"good\" title=\"holds\">✔</td><td>"
                : "<tr><td class=\"bad\" title=\"does not hold\">✘</td><td>");
        html.append(Html.escape(target.text())).append("</td><td class=\"n limit\">");
        html.append(Html.escape(target.bound().words() + " " + limit(target)));
        html.append("</td><td class=\"n\"><b>");
        html.append(
            target.measured().isPresent()
                ? Html.escape(Numbers.withUnit(target.measured().getAsDouble(), target.unit()))
                : "not measured");
        html.append("</b></td></tr>");
      }
      html.append("</tbody></table></div>");
    }
    html.append("</section>\n");
  }

  private static String limit(Verdict target) {
    return Numbers.exact(target.limit())
        + (target.unit().isEmpty() ? "" : "\u00a0" + target.unit());
  }

  private void figures() {
    if (results.figures().isEmpty()) {
      return;
    }
    html.append("<section id=\"charts\">");
    element("h2", "Charts");
    missing.forEach(sentence -> element("p class=\"note\"", "p", sentence));
    element(
        "p class=\"small\"",
        "p",
        "Points are runs, thin lines go from the smallest to the largest, marks are medians."
            + " Published numbers are dashed and hollow. Every axis begins at zero.");
    for (Figure figure : results.figures()) {
      Chart chart = Chart.of(figure, results, looks);
      html.append("<figure>");
      element("figcaption", figure.title());
      html.append("<div class=\"wide\">").append(SvgCanvas.draw(chart, WIDE, figure.title()));
      html.append("</div><div class=\"narrow\">");
      html.append(SvgCanvas.draw(chart, NARROW, figure.title())).append("</div></figure>\n");
    }
    html.append("</section>\n");
  }

  private void gaps() {
    if (results.absences().isEmpty() && results.failures().isEmpty()) {
      return;
    }
    html.append("<section id=\"gaps\">");
    element("h2", "Not measured");
    html.append("<ul>");
    for (Absence absence : results.absences()) {
      element(
          "li",
          "%s%s: %s"
              .formatted(
                  absence.contender(),
                  absence.caseName().map(name -> ", " + name).orElse(""),
                  absence.reason()));
    }
    for (Failure failure : results.failures()) {
      element(
          "li",
          "%s, %s, run %d failed: %s"
              .formatted(failure.contender(), failure.caseName(), failure.run(), failure.reason()));
    }
    html.append("</ul></section>\n");
  }

  private void environment() {
    html.append("<section id=\"environment\">");
    element("h2", "How to repeat it");
    html.append("<pre class=\"scroll\" tabindex=\"0\">")
        .append(Html.escape(results.command()))
        .append("</pre>");
    element(
        "p class=\"small\"",
        "p",
        "results.json beside this page has every number, results.csv the same as a table. Times of"
            + " different machines do not compare; ratios do.");
    if (!results.environment().isEmpty()) {
      element("h2", "Measured on");
      html.append("<dl>");
      results
          .environment()
          .forEach(
              (name, value) -> {
                element("dt", name);
                element("dd", value);
              });
      html.append("</dl>");
    }
    html.append("</section>\n");
  }

  private void element(String tag, String text) {
    element(tag, tag, text);
  }

  private void element(String opening, String closing, String text) {
    html.append('<').append(opening).append('>').append(Html.escape(text));
    html.append("</").append(closing).append('>');
  }

  private static String styleSheet() {
    try (InputStream sheet = Page.class.getResourceAsStream("page.css")) {
      if (sheet == null) {
        throw new IllegalStateException("page.css is not where the classes are");
      }
      return new String(sheet.readAllBytes(), StandardCharsets.UTF_8)
          .replace("/*light*/", Ink.lightSheet())
          .replace("/*dark*/", Ink.darkSheet());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
