package io.drover.cli;

import io.drover.api.CheckReport;
import io.drover.api.MigrationView;
import io.drover.api.ProblemView;
import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.model.TimeSpan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Migrations as people read them. */
final class MigrationText {
  private MigrationText() {}

  /** 0 if the guest is where it was sent or ended by itself, else what the problem says. */
  static int exitCode(MigrationView view) {
    String outcome = view.outcome().orElse("");
    if (outcome.equals(Outcome.COMPLETED.word()) || outcome.equals(Outcome.POWERED_OFF.word())) {
      return 0;
    }
    return view.problem()
        .map(problem -> problem.problem().kind().exitCode())
        .orElse(Problem.Kind.MIGRATION.exitCode());
  }

  static List<String> list(List<MigrationView> migrations, Terminal terminal) {
    if (migrations.isEmpty()) {
      return List.of("No migrations yet. Start one with 'drover migrate GUEST --to HOST'.");
    }
    Table table =
        new Table(
            "ID", "GUEST", "FROM", "TO", "MODE", "STATE", ">DONE", ">TIME", ">DOWNTIME", ">SENT");
    for (MigrationView view : migrations) {
      table.row(
          view.id(),
          view.guest(),
          view.source(),
          view.target(),
          view.mode(),
          state(view, terminal),
          "%d %%".formatted((int) (view.progress() * 100)),
          seconds(view.elapsedSeconds()),
          view.downtimeMillis().map(MigrationText::millis).orElse("-"),
          new ByteSize(view.bytesSent()));
    }
    return table.lines(terminal);
  }

  private static Object state(MigrationView view, Terminal terminal) {
    String word = view.outcome().orElse(view.phase());
    return switch (word) {
      case "completed" -> Table.painted(word, terminal::good);
      case "lost", "aborted", "refused" -> Table.painted(word, terminal::bad);
      case "paused", "recover", "cancelled" -> Table.painted(word, terminal::warning);
      default -> word;
    };
  }

  /** What a person wants to know when it is over. */
  static List<String> summary(MigrationView view, Terminal terminal) {
    List<String> lines = new ArrayList<>();
    lines.add(headline(view, terminal));
    view.problem()
        .filter(problem -> !view.outcome().orElse("").equals("completed"))
        .ifPresent(
            problem -> {
              lines.addAll(Wrapped.after("  ", 2, Safe.text(problem.message()), terminal));
              if (!problem.remedy().isEmpty()) {
                lines.addAll(Wrapped.after("  ", 2, Safe.text(problem.remedy()), terminal));
              }
            });
    Facts facts = new Facts(terminal);
    facts.add("mode", view.reason().isEmpty() ? view.mode() : view.mode() + ": " + view.reason());
    String phases =
        view.phases().stream()
            .map(phase -> phase.phase() + " " + seconds(phase.durationSeconds()))
            .collect(Collectors.joining(", "));
    facts.add(
        "time", seconds(view.elapsedSeconds()) + (phases.isEmpty() ? "" : " (" + phases + ")"));
    view.downtimeMillis()
        .ifPresent(
            downtime ->
                facts.add(
                    "downtime",
                    "%s (limit %s)"
                        .formatted(
                            millis(downtime),
                            TimeSpan.text(Duration.ofMillis(view.maxDowntimeMillis())))));
    facts.add("sent", sent(view));
    view.content().ifPresent(content -> addContent(facts, "", view, content));
    view.disks()
        .ifPresent(
            disks -> {
              if (disks.bytes() > 0) {
                facts.add("disks", disks(disks));
              }
              disks.layers().forEach(layers -> facts.add("layers", layers(layers)));
              disks.content().ifPresent(content -> addContent(facts, "disks' ", view, content));
            });
    if (view.recoveries() > 0 || view.retries() > 0) {
      facts.add(
          "trouble",
          "%d recoveries, %d retries, mended without you"
              .formatted(view.recoveries(), view.retries()));
    }
    lines.addAll(facts.lines());
    for (ProblemView warning : view.warnings()) {
      lines.addAll(
          Wrapped.after(
              "  " + terminal.warning("warning: "),
              11,
              Safe.text(warning.problem().toString()),
              terminal));
    }
    return lines;
  }

  private static String headline(MigrationView view, Terminal terminal) {
    String guest = Safe.text(view.guest());
    String source = Safe.text(view.source());
    String target = Safe.text(view.target());
    return switch (view.outcome().orElse("")) {
      case "completed" -> terminal.good("%s is on %s now.".formatted(guest, target));
      case "powered-off" -> "%s powered itself off on the way.".formatted(guest);
      case "refused" ->
          terminal.bad(
              "%s was not moved to %s; it runs on at %s.".formatted(guest, target, source));
      case "aborted" ->
          terminal.bad(
              "The move of %s to %s failed; it runs on at %s.".formatted(guest, target, source));
      case "cancelled" -> terminal.warning("Cancelled: %s runs on at %s.".formatted(guest, source));
      case "lost" -> terminal.bad("%s is lost.".formatted(guest));
      default ->
          terminal.strong(
              "%s: %s -> %s, %s".formatted(guest, source, target, Safe.text(view.phase())));
    };
  }

  private static void addContent(
      Facts facts, String whose, MigrationView view, MigrationView.ContentView content) {
    facts.add(whose + "spared", spared(view, content));
    if (content.packedBytes() > 0) {
      facts.add(whose + "packed", new ByteSize(content.packedBytes()) + " less by compression");
    }
    content.off().ifPresent(why -> facts.add(whose + "names", "given up: " + why));
  }

  private static String disks(MigrationView.DisksView disks) {
    String all = new ByteSize(disks.bytes()) + " copied";
    return disks.remainingBytes() == 0
        ? all
        : all + ", " + new ByteSize(disks.remainingBytes()) + " to go";
  }

  private static String layers(MigrationView.LayersView layers) {
    String base = layers.base().orElse("");
    return layers.disk()
        + switch (layers.layout()) {
          case MigrationView.LayersView.BASED ->
              " is based on %s there, which spared %s"
                  .formatted(base, new ByteSize(layers.sparedBytes()));
          case MigrationView.LayersView.BASE_COPIED ->
              " is based on %s, which was copied as well".formatted(base);
          default -> " is flattened: " + layers.reason();
        };
  }

  private static String spared(MigrationView view, MigrationView.ContentView content) {
    return content.namedBytes() == 0
        ? "nothing; nothing was named"
        : "%s that %s held, of %s named"
            .formatted(
                new ByteSize(content.foundBytes()),
                view.target(),
                new ByteSize(content.namedBytes()));
  }

  private static String sent(MigrationView view) {
    double seconds =
        view.phases().stream()
            .filter(phase -> !phase.phase().equals("prepare") && !phase.phase().equals("finish"))
            .mapToDouble(MigrationView.PhaseTime::durationSeconds)
            .sum();
    if (seconds <= 0) {
      seconds = view.elapsedSeconds();
    }
    String total =
        "%s for %s of memory"
            .formatted(new ByteSize(view.bytesSent()), new ByteSize(view.memoryBytes()));
    return seconds <= 0
        ? total
        : total + " at " + new ByteRate(Math.round(view.bytesSent() / seconds));
  }

  /** The summary and everything else the report has. */
  static List<String> details(MigrationView view, Terminal terminal) {
    List<String> lines = new ArrayList<>(summary(view, terminal));
    Facts facts = new Facts(terminal);
    facts.add("id", view.id());
    facts.add("seen from", view.role());
    facts.add("asked for", view.requestedMode() + " over " + view.transport());
    facts.add(
        "dirtied",
        new ByteRate(view.dirtyBytesPerSecond()) + ", " + view.passes() + " passes over memory");
    view.bandwidthLimitBytesPerSecond()
        .ifPresent(limit -> facts.add("limit", new ByteRate(limit).toString()));
    view.linkBytesPerSecond()
        .ifPresent(link -> facts.add("link", new ByteRate(Math.round(link)).toString()));
    view.predictedSeconds()
        .ifPresent(
            predicted ->
                facts.add(
                    "predicted",
                    seconds(predicted)
                        + view.predictedDowntimeMillis()
                            .map(downtime -> ", downtime " + millis(downtime))
                            .orElse("")));
    lines.addAll(facts.lines());
    if (!view.continuity().isEmpty()) {
      Table table = new Table("NETWORK", "AT", "", "FINDING");
      view.continuity()
          .forEach(step -> table.row(step.name(), step.host(), step.state(), step.finding()));
      lines.add("");
      lines.addAll(table.lines(terminal));
    }
    if (!view.channels().isEmpty()) {
      Table table = new Table("CHANNEL", ">ATTEMPT", ">SENT", ">RECEIVED");
      view.channels()
          .forEach(
              channel ->
                  table.row(
                      channel.channel(),
                      channel.attempt(),
                      new ByteSize(channel.sentBytes()),
                      new ByteSize(channel.receivedBytes())));
      lines.add("");
      lines.addAll(table.lines(terminal));
    }
    return lines;
  }

  static List<String> checks(CheckReport report, Terminal terminal) {
    Table table = new Table("CHECK", "", "FINDING");
    for (CheckReport.Check check : report.checks()) {
      boolean warned = check.passed() && !check.remedy().isEmpty();
      table.row(
          check.name(),
          !check.passed()
              ? Table.painted("no", terminal::bad)
              : warned
                  ? Table.painted("but", terminal::warning)
                  : Table.painted("ok", terminal::good),
          check.finding());
      if (!check.remedy().isEmpty()) {
        table.row("", "", check.remedy());
      }
    }
    List<String> lines = new ArrayList<>(table.lines(terminal));
    lines.add("");
    if (report.possible()) {
      lines.addAll(
          Wrapped.lines(
              Safe.text(
                  "%s can move to %s by %s: %s"
                      .formatted(report.guest(), report.to(), report.mode(), report.reason())),
              0,
              terminal));
      lines.add(
          "Foreseen: %s, downtime %s. Nothing was moved."
              .formatted(
                  seconds(report.predictedSeconds()), millis(report.predictedDowntimeMillis())));
    } else {
      lines.add(
          terminal.bad(
              Safe.text(
                  "%s cannot move to %s. Nothing was moved."
                      .formatted(report.guest(), report.to()))));
    }
    return lines;
  }

  private static String seconds(double seconds) {
    return TimeSpan.text(Duration.ofMillis(Math.max(0, Math.round(seconds * 1000))));
  }

  private static String millis(double millis) {
    return TimeSpan.text(Duration.ofMillis(Math.max(0, Math.round(millis))));
  }
}
