package io.drover.lab;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/** What the {@code drover} command takes from this module. */
public final class LabVerbs {
  private LabVerbs() {}

  /** The verbs by name; each is made when it is asked for. */
  public static Map<String, Supplier<CommandLine>> all(HostControl.Factory agents) {
    Map<String, Supplier<CommandLine>> verbs = new LinkedHashMap<>();
    verbs.put("lab", LabCommand::commandLine);
    verbs.put("demo", () -> new CommandLine(new DemoCommand(agents)));
    verbs.put("bench", () -> BenchCommand.commandLine(agents));
    return verbs;
  }
}
