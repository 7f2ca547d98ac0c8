package io.drover.report;

import io.drover.report.ContenderKey.Kind;
import io.drover.report.Yardstick.Better;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * A table for each measure: what was published, the stock tool here, Drover here, and the ratios. A
 * cell without a number has a reason instead.
 */
final class Tables {
  private final Results results;
  private final StringBuilder html;
  private List<String> reasons = new ArrayList<>();

  /** The rows of a table that belong together: one contender of each column. */
  private record Trio(Optional<ContenderKey> stock, Optional<ContenderKey> drover) {
    String title() {
      String ours = drover.map(ContenderKey::name).orElse("");
      String theirs = stock.map(ContenderKey::name).orElse("");
      return drover.isPresent() && stock.isPresent() ? ours + " beside " + theirs : ours + theirs;
    }

    boolean isBeside(ContenderKey published) {
      return drover.isPresent()
          ? Findings.isComparable(drover.get(), published)
          : published.against().isEmpty()
              || published.against().equals(stock.map(ContenderKey::name));
    }
  }

  Tables(Results results, StringBuilder html) {
    this.results = results;
    this.html = html;
  }

  void write() {
    if (results.measures().isEmpty() && results.published().isEmpty()) {
      html.append("<p>There are none.</p>");
      return;
    }
    Set<String> measures = new LinkedHashSet<>();
    results.yardsticks().forEach(yardstick -> measures.add(yardstick.measure()));
    results.measures().forEach(row -> measures.add(row.measure()));
    results.published().forEach(row -> measures.add(row.measure()));
    boolean first = true;
    for (String measure : measures) {
      if (hasAny(measure)) {
        table(measure, first);
        first = false;
      }
    }
  }

  private boolean hasAny(String measure) {
    return results.measures().stream().anyMatch(row -> row.measure().equals(measure))
        || results.published().stream().anyMatch(row -> row.measure().equals(measure));
  }

  private List<Trio> trios() {
    List<Trio> trios = new ArrayList<>();
    Set<String> shown = new LinkedHashSet<>();
    for (ContenderKey drover : results.of(Kind.DROVER)) {
      Optional<ContenderKey> stock = drover.against().map(results::contenderOf);
      stock.ifPresent(key -> shown.add(key.name()));
      trios.add(new Trio(stock, Optional.of(drover)));
    }
    for (ContenderKey stock : results.of(Kind.STOCK)) {
      if (!shown.contains(stock.name())) {
        trios.add(new Trio(Optional.of(stock), Optional.empty()));
      }
    }
    return trios.isEmpty() ? List.of(new Trio(Optional.empty(), Optional.empty())) : trios;
  }

  private void table(String measure, boolean open) {
    reasons = new ArrayList<>();
    String unit =
        results.measures().stream()
            .filter(row -> row.measure().equals(measure))
            .findFirst()
            .or(
                () ->
                    results.published().stream()
                        .filter(row -> row.measure().equals(measure))
                        .findFirst())
            .map(Row::unit)
            .orElse("");
    Better better =
        results.yardsticks().stream()
            .filter(yardstick -> yardstick.measure().equals(measure))
            .findFirst()
            .map(Yardstick::better)
            .orElse(Better.NEITHER);
    boolean hasLimit =
        results.of(Kind.LIMIT).stream()
            .anyMatch(
                key ->
                    results.measures().stream()
                        .anyMatch(
                            row ->
                                row.contender().equals(key.name())
                                    && row.measure().equals(measure)));
    html.append(open ? "<details open>" : "<details>")
        .append("<summary>")
        .append(Html.escape(measure));
    html.append(unit.isEmpty() ? "" : " in " + Html.escape(unit));
    html.append(
        switch (better) {
          case LOWER -> " <span>less is better</span>";
          case HIGHER -> " <span>more is better</span>";
          case NEITHER -> "";
        });
    html.append(
        "</summary><div class=\"scroll\" tabindex=\"0\"><table class=\"numbers\"><thead><tr><th>case</th>");
    html.append(
        "<th class=\"n\">published</th><th class=\"n\">stock tool here</th><th class=\"n ours\">Drover here</th>");
    html.append("<th class=\"n\">Drover ÷ stock</th><th class=\"n\">Drover ÷ published</th>");
    html.append(
        hasLimit ? "<th class=\"n\">possible at best</th><th class=\"n\">Drover ÷ best</th>" : "");
    html.append("</tr></thead>");
    for (Trio trio : trios()) {
      block(trio, measure, better, hasLimit);
    }
    html.append("</table></div>");
    if (!reasons.isEmpty()) {
      html.append("<ol class=\"reasons\">");
      reasons.forEach(reason -> html.append("<li>").append(Html.escape(reason)).append("</li>"));
      html.append("</ol>");
    }
    html.append("</details>\n");
  }

  private void block(Trio trio, String measure, Better better, boolean hasLimit) {
    List<CaseKey> cases =
        results.cases().stream().filter(where -> isShown(trio, where.name(), measure)).toList();
    if (cases.isEmpty()) {
      return;
    }
    html.append("<tbody><tr class=\"block\"><th colspan=\"").append(hasLimit ? 8 : 6);
    html.append("\"><span>").append(Html.escape(trio.title())).append("</span></th></tr>");
    for (CaseKey where : cases) {
      line(trio, where.name(), measure, better, hasLimit);
    }
    html.append("</tbody>");
  }

  private boolean isShown(Trio trio, String where, String measure) {
    return trio.drover().flatMap(key -> results.any(key.name(), where, measure)).isPresent()
        || trio.stock().flatMap(key -> results.any(key.name(), where, measure)).isPresent()
        || !published(trio, where, measure).isEmpty();
  }

  private List<Row> published(Trio trio, String where, String measure) {
    return results.of(Kind.PUBLISHED).stream()
        .filter(trio::isBeside)
        .flatMap(key -> results.any(key.name(), where, measure).stream())
        .toList();
  }

  private void line(Trio trio, String where, String measure, Better better, boolean hasLimit) {
    List<Row> published = published(trio, where, measure);
    Optional<Row> stock = trio.stock().flatMap(key -> results.any(key.name(), where, measure));
    Optional<Row> ours = trio.drover().flatMap(key -> results.any(key.name(), where, measure));
    html.append("<tr><th>").append(Html.escape(where)).append("</th><td class=\"n\">");
    if (published.isEmpty()) {
      blank("Nobody published a number for this that we know of.");
    }
    for (Row row : published) {
      html.append("<div title=\"")
          .append(Html.escape(row.contender() + ": " + row.source().orElse("")))
          .append("\">");
      html.append(
          published.size() > 1 ? "<small>" + Html.escape(row.contender()) + "</small> " : "");
      html.append(Numbers.of(row.median())).append("</div>");
    }
    html.append("</td><td class=\"n\">");
    number(stock, trio.stock(), where, "There is no such stock tool to measure.");
    html.append("</td><td class=\"n ours\">");
    number(ours, trio.drover(), where, "Drover has nothing that corresponds to it.");
    html.append("</td>");
    ratio(ours, stock, better);
    html.append("<td class=\"n\">");
    for (Row row : published) {
      html.append("<div>");
      quotient(ours, Optional.of(row));
      html.append("</div>");
    }
    html.append("</td>");
    if (hasLimit) {
      Optional<Row> limit =
          results.of(Kind.LIMIT).stream()
              .flatMap(key -> results.any(key.name(), where, measure).stream())
              .findFirst();
      html.append("<td class=\"n\">").append(limit.map(row -> Numbers.of(row.median())).orElse(""));
      html.append("</td><td class=\"n\">");
      quotient(ours, limit);
      html.append("</td>");
    }
    html.append("</tr>");
  }

  private void number(
      Optional<Row> row, Optional<ContenderKey> contender, String where, String ifNone) {
    if (row.isPresent()) {
      html.append("<b>").append(Numbers.of(row.get().median())).append("</b>");
      int runs = row.get().values().size();
      html.append("<small title=\"%d %s\">".formatted(runs, runs == 1 ? "run" : "runs"));
      html.append(
          runs == 1 ? "one run" : Numbers.of(row.get().min()) + "–" + Numbers.of(row.get().max()));
      html.append("</small>");
    } else {
      blank(contender.map(key -> whyNot(key.name(), where)).orElse(ifNone));
    }
  }

  private String whyNot(String contender, String where) {
    return results
        .absence(contender, where)
        .or(
            () ->
                results.failures().stream()
                    .filter(
                        failure ->
                            failure.contender().equals(contender)
                                && failure.caseName().equals(where))
                    .findFirst()
                    .map(failure -> "It failed: " + failure.reason()))
        .map(reason -> contender + ": " + reason)
        .orElse(contender + ": not among what was run.");
  }

  /** A dash with the number of its reason below the table. */
  private void blank(String reason) {
    int index = reasons.indexOf(reason);
    if (index < 0) {
      reasons.add(reason);
      index = reasons.size() - 1;
    }
    html.append("<span class=\"blank\" title=\"").append(Html.escape(reason)).append("\">—<sup>");
    html.append(index + 1).append("</sup></span>");
  }

  private void ratio(Optional<Row> ours, Optional<Row> stock, Better better) {
    if (ours.isEmpty() || stock.isEmpty() || better == Better.NEITHER) {
      html.append("<td class=\"n\">");
      quotient(ours, stock);
      html.append("</td>");
      return;
    }
    html.append(
        switch (new Duel(ours.get(), stock.get(), better).outcome()) {
          case WINS -> "<td class=\"n good\" title=\"Drover wins\">▲ ";
          case LEVEL -> "<td class=\"n\" title=\"too close to call\">";
          case LOSES -> "<td class=\"n bad\" title=\"Drover loses\">▼ ";
        });
    quotient(ours, stock);
    html.append("</td>");
  }

  private void quotient(Optional<Row> value, Optional<Row> base) {
    if (value.isPresent() && base.isPresent()) {
      OptionalDouble ratio = Numbers.over(value.get().median(), base.get().median());
      html.append(ratio.isPresent() ? Numbers.ratio(ratio.getAsDouble()) + "&nbsp;×" : "–");
    }
  }
}
