package io.drover.command;

import io.drover.agent.AgentCommand;
import io.drover.agent.CaCommand;
import io.drover.lab.LabVerbs;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/**
 * The verbs that are no clients of an agent: the agent itself, the fleet's certificates, and the
 * lab. This is the one place where they are registered.
 */
final class OtherVerbs {
  private OtherVerbs() {}

  static Map<String, Supplier<CommandLine>> all() {
    Map<String, Supplier<CommandLine>> verbs = new LinkedHashMap<>();
    verbs.put("agent", () -> new CommandLine(new AgentCommand()));
    verbs.put("ca", () -> new CommandLine(new CaCommand()));
    verbs.putAll(LabVerbs.all());
    return verbs;
  }
}
