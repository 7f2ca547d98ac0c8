package io.drover.lab;

import io.drover.model.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Where this Drover's own launcher and packaging are. */
record DroverProgram(Path root) {
  static final String ROOT_PROPERTY = "drover.root";

  /** Set by the launcher. */
  static final String LAUNCHER_VARIABLE = "DROVER_LAUNCHER";

  private static final Duration LEARNING_PATIENCE = Duration.ofMinutes(2);

  static DroverProgram find() {
    String launcher = System.getenv().getOrDefault(LAUNCHER_VARIABLE, "");
    String root = System.getProperty(ROOT_PROPERTY, launcher.replaceFirst("/drover$", ""));
    if (root.isEmpty() || !Files.isExecutable(Path.of(root, "drover"))) {
      throw Problem.host(
              "no-launcher",
              "The launcher 'drover' is not known (%s is '%s')"
                  .formatted(LAUNCHER_VARIABLE, launcher),
              "Start Drover through its launcher ./drover, which sets it.")
          .asException();
    }
    return new DroverProgram(Path.of(root));
  }

  /** Lets agents start warm from now on; if that cannot be learnt, they start cold. */
  void learn() {
    Programs.Result _ = Programs.attempt(List.of(launcher(), "learn"), "", LEARNING_PATIENCE);
  }

  String launcher() {
    return root.resolve("drover").toString();
  }

  Path installDependencies() {
    return root.resolve("packaging").resolve("install-dependencies");
  }
}
