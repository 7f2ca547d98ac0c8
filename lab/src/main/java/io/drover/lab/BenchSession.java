package io.drover.lab;

import io.drover.model.Problem;
import io.drover.report.Absence;
import io.drover.report.Report;
import io.drover.report.Results;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One experiment from its checks to its report. */
final class BenchSession {
  static final String QUICK_NOTE =
      "This was a quick run with small guests, made to see that everything works: its numbers say"
          + " little.";

  private final Experiment experiment;
  private final List<Piece> wanted;
  private final Path folder;
  private final String command;
  private final List<String> notes;

  /**
   * Nothing is done yet.
   *
   * @param wanted what of it is to be measured
   * @param folder where samples and report go
   * @param command what somebody types to get such numbers
   */
  BenchSession(
      Experiment experiment, List<Piece> wanted, Path folder, String command, List<String> notes) {
    this.experiment = experiment;
    this.wanted = wanted;
    this.folder = folder;
    this.command = command;
    this.notes = notes;
  }

  /**
   * Measures, and leaves the report.
   *
   * @return whether nothing failed
   */
  boolean run(
      HostControl.Factory agents,
      GuestImage image,
      LabName lab,
      Steps steps,
      @Nullable PrintWriter json) {
    LabStore store = LabStore.ofMachine();
    steps.line("Experiment %s: %s".formatted(experiment.name(), experiment.question()));
    List<Absence> absences = new ArrayList<>();
    absences.addAll(Prechecks.memory(experiment, wanted, Prechecks.availableMebibytes()));
    absences.addAll(Prechecks.room(experiment, wanted, Prechecks.freeMebibytes(LabRecord.ROOT)));
    absences.addAll(Prechecks.workloads(experiment, wanted, image));
    absences.addAll(Prechecks.ways(experiment, wanted, StockPrograms.ofMachine()));
    Prechecks.tell(absences, steps::line);
    List<Piece> plan = Prechecks.without(wanted, absences);
    if (plan.isEmpty()) {
      throw Problem.host(
              "nothing-to-measure",
              "Nothing of %s can be measured on this machine: %s"
                  .formatted(experiment.name(), absences.getFirst().reason()),
              "'drover bench list' says what each experiment needs.")
          .asException();
    }
    Samples samples = samples(plan, steps);
    steps.line(
        "  %d of %d to measure, about %s; results in %s"
            .formatted(
                plan.size() - new Forecast(plan).done(samples),
                plan.size(),
                Forecast.words(new Forecast(plan).left(samples)),
                folder));
    Map<String, String> environment = BenchEnvironment.describe(InstantSource.system(), experiment);
    Findings findings = new Findings(experiment, samples);
    Runnable write =
        () -> Report.write(folder, findings.results(command, notes, environment, absences));
    try (var _ = new LabGuard(store, lab)) {
      Sites sites = new Sites(agents, image, store, lab, steps);
      new BenchRunner(
              experiment,
              caseName -> sites.open(experiment.procedure(), caseName, samples),
              samples,
              steps)
          .run(plan, write);
    }
    Results results = findings.results(command, notes, environment, absences);
    Report.Written written = Report.write(folder, results);
    BenchTable.lines(results).forEach(steps::line);
    written.missing().forEach(line -> steps.line("  ! " + line));
    Path page = folder.resolve("report.html");
    steps.line("  Results: " + (written.files().contains(page) ? page : folder));
    if (json != null) {
      json.println(Report.json(results));
      json.flush();
    }
    return results.failures().isEmpty();
  }

  private Samples samples(List<Piece> plan, Steps steps) {
    Samples samples = Samples.open(folder, subject());
    if (samples.putAside()) {
      steps.line(
          "  the samples there were are of another build, machine or declaration: put aside in "
              + folder.resolve(Samples.OLD_FILE));
    } else if (new Forecast(plan).done(samples) == plan.size()) {
      samples.beginAnew();
      steps.line("  begins anew; the samples of the last time are in " + Samples.OLD_FILE);
    } else if (!samples.all().isEmpty()) {
      steps.line("  goes on after %d samples".formatted(samples.all().size()));
    }
    return samples;
  }

  private Samples.Subject subject() {
    return new Samples.Subject(
        experiment.name(),
        experiment.fingerprint(),
        DroverBuild.describe(),
        BenchEnvironment.machine());
  }
}
