package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
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
        "Measure Drover side by side with what QEMU does by itself (as root). An interrupted"
            + " benchmark goes on where it was.")
final class BenchCommand implements Callable<Integer> {
  private static final int DEFAULT_RUNS = 5;
  private static final String SAMPLES = "samples.jsonl";

  private final HostControl.Factory agents;

  @Parameters(
      paramLabel = "EXPERIMENT",
      arity = "1..*",
      description = "tunnel, link, downtime, auto, cli, relay, or all.")
  private List<String> names = List.of();

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "" + DEFAULT_RUNS,
      description = "How often each contender runs. Default: ${DEFAULT-VALUE}")
  private int runs = DEFAULT_RUNS;

  @Option(names = "--quick", description = "Small guests and one run: only to see that it works.")
  private boolean quick;

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
    if (runs < 1 || runs > 1000) {
      throw Problem.usage("bad-runs", "%d runs cannot be made".formatted(runs), "Choose 1 to 1000.")
          .asException();
    }
    Experiments.Scale scale = quick ? Experiments.Scale.QUICK : Experiments.Scale.FULL;
    List<Experiment> chosen =
        names.equals(List.of("all"))
            ? Experiments.all(scale)
            : names.stream().map(one -> Experiments.named(one, scale)).toList();
    PrintWriter standard = spec.commandLine().getOut();
    Steps steps =
        new Steps(json ? spec.commandLine().getErr() : standard, Steps.styleOf(System.getenv()));
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), steps::line).image();
    boolean good = true;
    for (Experiment experiment : chosen) {
      BenchResults results = run(experiment, image, steps);
      results.table().forEach(steps::line);
      if (json) {
        standard.println(results.json());
        standard.flush();
      }
      good &= results.failures().isEmpty();
    }
    // Missed targets are results; only what could not be measured is a failure.
    return good ? 0 : Problem.Kind.MIGRATION.exitCode();
  }

  private BenchResults run(Experiment experiment, GuestImage image, Steps steps) {
    Path folder = out.resolve(experiment.name() + (quick ? "-quick" : ""));
    LabStore store = LabStore.ofMachine();
    LabName lab = new LabName(name);
    beginAnewIfEnded(folder);
    Samples samples = Samples.open(folder.resolve(SAMPLES));
    steps.line("Experiment %s (results in %s)".formatted(experiment.name(), folder));
    if (!samples.all().isEmpty()) {
      steps.line("  goes on after %d samples of an earlier run".formatted(samples.all().size()));
    }
    try (var _ = new LabGuard(store, lab)) {
      new BenchRunner(agents, image, store, lab, steps).run(experiment, quick ? 1 : runs, samples);
    }
    BenchResults results =
        BenchResults.of(experiment, samples, BenchEnvironment.describe(InstantSource.system()));
    results.write(folder);
    return results;
  }

  /** Results stand for a run that came to its end; its samples are not mixed with new ones. */
  private static void beginAnewIfEnded(Path folder) {
    try {
      if (Files.exists(folder.resolve("results.json"))) {
        for (String file : List.of("results.json", "results.csv", SAMPLES)) {
          Files.deleteIfExists(folder.resolve(file));
        }
      }
    } catch (IOException failure) {
      throw Problem.host(
              "results-unwritable",
              "%s cannot be written (%s)".formatted(folder, failure.getMessage()),
              "Choose another folder with --out.")
          .asException(failure);
    }
  }
}
