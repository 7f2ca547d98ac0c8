package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.model.ProblemException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Carries experiments out: contenders take turns within one run, so that a machine that gets slower
 * gets slower for all of them; what fails is written down and the rest goes on.
 */
final class BenchRunner {
  private final HostControl.Factory agents;
  private final GuestImage image;
  private final LabStore store;
  private final LabName name;
  private final Steps steps;

  BenchRunner(
      HostControl.Factory agents, GuestImage image, LabStore store, LabName name, Steps steps) {
    this.agents = agents;
    this.image = image;
    this.store = store;
    this.name = name;
    this.steps = steps;
  }

  void run(Experiment experiment, int runs, Samples samples) {
    switch (experiment.procedure()) {
      case Experiment.Moves moves -> {
        for (Case one : moves.cases()) {
          moves(experiment, moves, one, runs, samples);
        }
      }
      case Experiment.ClientCommand command -> command(command, runs, samples);
      case Experiment.ManyMoves many -> manyMoves(many, runs, samples);
    }
  }

  private void moves(
      Experiment experiment, Experiment.Moves moves, Case one, int runs, Samples samples) {
    try (MovingGuest guest =
        new MovingGuest(
            () -> Lab.up(store, LabPlan.of(name, one.shape()), steps::detail),
            agents,
            image,
            one,
            experiment.measures())) {
      for (int run = 1; run <= runs; run++) {
        for (Contender contender : moves.contenders()) {
          sample(
              samples,
              one.name(),
              contender.name(),
              run,
              () -> guest.move(contender, steps::migration),
              guest::restart);
        }
      }
    }
  }

  private void command(Experiment.ClientCommand command, int runs, Samples samples) {
    try (Lab lab = Lab.up(store, LabPlan.of(name, LinkShape.UNSHAPED), steps::detail)) {
      ClientTimer timer = new ClientTimer(lab, command);
      timer.wallMillis(); // the first one warms the disk cache up, for a person's second try, too
      for (int run = 1; run <= runs; run++) {
        sample(
            samples,
            command.caseName(),
            "drover",
            run,
            () -> Map.of(Measure.WALL, timer.wallMillis()),
            () -> {});
      }
    }
  }

  private void manyMoves(Experiment.ManyMoves many, int runs, Samples samples) {
    for (int run = 1; run <= runs; run++) {
      int current = run;
      if (samples.has(many.caseName(), "alpha", run) && samples.has(many.caseName(), "beta", run)) {
        continue;
      }
      steps.begin("%s, run %d".formatted(many.caseName(), run));
      try (Lab lab = Lab.up(store, LabPlan.of(name, LinkShape.UNSHAPED), steps::detail)) {
        new Crowd(lab, agents, image, many.guests())
            .memoryOfAgents()
            .forEach(
                (host, values) ->
                    samples.add(
                        new Sample(many.caseName(), host, current, values, Optional.empty())));
        steps.done("%s, run %d".formatted(many.caseName(), run));
      } catch (ProblemException failure) {
        samples.add(
            new Sample(
                many.caseName(),
                "alpha",
                run,
                Map.of(),
                Optional.of(failure.problem().toString())));
        steps.failed(failure.problem().message());
      }
    }
  }

  private void sample(
      Samples samples,
      String caseName,
      String contender,
      int run,
      Supplier<Map<Measure, Double>> measuring,
      Runnable mending) {
    if (samples.has(caseName, contender, run)) {
      return;
    }
    String what = "%s: %s, run %d".formatted(caseName, contender, run);
    steps.begin(what);
    try {
      samples.add(new Sample(caseName, contender, run, measuring.get(), Optional.empty()));
      steps.done(what);
    } catch (ProblemException failure) {
      samples.add(
          new Sample(
              caseName, contender, run, Map.of(), Optional.of(failure.problem().toString())));
      steps.failed(what + ": " + failure.problem().message());
      mending.run();
    }
  }
}
