package io.drover.lab;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code drover bench …}. */
@Command(name = "bench", description = "Measure.")
final class BenchCommand {
  static CommandLine commandLine(HostControl.Factory agents) {
    return new CommandLine(new BenchCommand());
  }
}
