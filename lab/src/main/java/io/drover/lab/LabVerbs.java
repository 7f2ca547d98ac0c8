package io.drover.lab;

import java.util.List;
import picocli.CommandLine;

/** What the {@code drover} command takes from this module. */
public final class LabVerbs {
  private LabVerbs() {}

  /** The verbs {@code lab}, {@code demo} and {@code bench}. */
  public static List<CommandLine> commandLines(HostControl.Factory agents) {
    return List.of(
        LabCommand.commandLine(),
        new CommandLine(new DemoCommand(agents)),
        BenchCommand.commandLine(agents));
  }
}
