package io.drover.lab;

import io.drover.model.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How long the {@code drover} command takes, from a shell's point of view. */
final class ClientTimer {
  private final List<String> command = new ArrayList<>();

  ClientTimer(Lab lab, Experiment.ClientCommand what) {
    command.add(DroverProgram.find().launcher());
    command.addAll(what.arguments());
    command.add("--agent");
    command.add(LabAgents.socket(lab, "alpha").toString());
  }

  double wallMillis() {
    long start = System.nanoTime();
    Programs.Result result = Programs.attempt(command, "", Duration.ofMinutes(1));
    double millis = (System.nanoTime() - start) / 1e6;
    if (!result.succeeded()) {
      throw Problem.migration(
              "bench-command",
              "'%s' ended with %d: %s"
                  .formatted(String.join(" ", command), result.exitCode(), result.output().strip()),
              "")
          .asException();
    }
    return millis;
  }
}
