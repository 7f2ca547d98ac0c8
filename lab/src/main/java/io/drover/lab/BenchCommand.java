package io.drover.lab;

import io.drover.model.Problem;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code drover bench …}. */
@Command(
    name = "bench",
    description =
        "Repeat a published experiment side by side with what QEMU does by itself (as root). An"
            + " interrupted one goes on where it was.")
final class BenchCommand implements Callable<Integer> {
  private static final String LIST = "list";
  private static final String ALL = "all";

  private final HostControl.Factory agents;

  @Parameters(
      paramLabel = "EXPERIMENT",
      arity = "0..*",
      description = "Which ones, or 'all'; 'list', or nothing, lists them.")
  private List<String> names = List.of();

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "How often each contender runs. Default: as the list says.")
  private @Nullable Integer runs;

  @Option(names = "--quick", description = "Small guests and one run: only to see that it works.")
  private boolean quick;

  @Option(
      names = "--case",
      paramLabel = "NAME",
      description = "Only cases of that name; * is any letters. Repeatable.")
  private List<String> cases = List.of();

  @Option(
      names = "--contender",
      paramLabel = "NAME",
      description = "Only contenders of that name; * is any letters. Repeatable.")
  private List<String> contenders = List.of();

  @Option(names = "--dry-run", description = "Show what would be measured and how long it takes.")
  private boolean dryRun;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "bench-results",
      description = "Where the results go, a folder for each experiment. Default: ${DEFAULT-VALUE}")
  private Path out = Path.of("bench-results");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "bench",
      description = "The lab's name. Default: ${DEFAULT-VALUE}")
  private String name = "bench";

  @Option(names = "--json", description = "End each experiment with one JSON object on a line.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private BenchCommand(HostControl.Factory agents) {
    this.agents = agents;
  }

  static CommandLine commandLine(HostControl.Factory agents) {
    return new CommandLine(new BenchCommand(agents));
  }

  @Override
  public Integer call() {
    Experiments.Scale scale = quick ? Experiments.Scale.QUICK : Experiments.Scale.FULL;
    PrintWriter standard = spec.commandLine().getOut();
    BenchPlanView.Form form = json ? BenchPlanView.Form.JSON : BenchPlanView.Form.PEOPLE;
    if (names.isEmpty() || names.equals(List.of(LIST))) {
      BenchPlanView.list(Experiments.all(scale), wantedRuns(), form).forEach(standard::println);
      return 0;
    }
    List<Experiment> chosen =
        names.equals(List.of(ALL))
            ? Experiments.all(scale)
            : names.stream().map(one -> Experiments.named(one, scale)).toList();
    BenchFilter filter = new BenchFilter(cases, contenders);
    if (dryRun) {
      for (Experiment experiment : chosen) {
        BenchPlanView.plan(experiment, filter.apply(experiment.plan(wantedRuns())), form)
            .forEach(standard::println);
      }
      return 0;
    }
    // Before anything is done: a wrong name in the last experiment should not be found after hours.
    chosen.forEach(experiment -> filter.apply(experiment.plan(wantedRuns())));
    Lab.requireRoot();
    Steps steps =
        new Steps(json ? spec.commandLine().getErr() : standard, Steps.styleOf(System.getenv()));
    Prechecks.requireDisk(out);
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), steps::line).image();
    DroverProgram.find().learn();
    boolean good = true;
    for (Experiment experiment : chosen) {
      good &=
          new BenchSession(
                  experiment,
                  filter.apply(experiment.plan(wantedRuns())),
                  out.resolve(experiment.name() + (quick ? "-quick" : "")),
                  typed(experiment),
                  quick ? List.of(BenchSession.QUICK_NOTE) : List.of())
              .run(agents, image, new LabName(name), steps, json ? standard : null);
    }
    // Missed targets are results; only what could not be measured is a failure.
    return good ? 0 : Problem.Kind.MIGRATION.exitCode();
  }

  private OptionalInt wantedRuns() {
    Integer wanted = runs;
    if (wanted == null) {
      return quick ? OptionalInt.of(1) : OptionalInt.empty();
    }
    if (wanted < 1 || wanted > 1000) {
      throw Problem.usage(
              "bad-runs", "%d runs cannot be made".formatted(wanted), "Choose 1 to 1000.")
          .asException();
    }
    return OptionalInt.of(wanted);
  }

  /** What somebody types to get such numbers. */
  private String typed(Experiment experiment) {
    StringBuilder text = new StringBuilder("drover bench " + experiment.name());
    if (quick) {
      text.append(" --quick");
    }
    if (runs != null) {
      text.append(" --runs ").append(runs);
    }
    cases.forEach(one -> text.append(" --case '").append(one).append('\''));
    contenders.forEach(one -> text.append(" --contender '").append(one).append('\''));
    return text.toString();
  }
}
