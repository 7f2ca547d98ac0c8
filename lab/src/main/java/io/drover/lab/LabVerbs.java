package io.drover.lab;

import io.drover.api.ApiClient;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/** The lab's verbs, made when they are asked for. */
public final class LabVerbs {
  private LabVerbs() {}

  public static Map<String, Supplier<CommandLine>> all() {
    HostControl.Factory agents = socket -> new AgentControl(ApiClient.local(socket));
    Map<String, Supplier<CommandLine>> verbs = new LinkedHashMap<>();
    verbs.put("lab", LabCommand::commandLine);
    verbs.put("demo", () -> new CommandLine(new DemoCommand(agents)));
    verbs.put("bench", () -> BenchCommand.commandLine(agents));
    return verbs;
  }
}
