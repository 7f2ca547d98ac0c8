package io.drover.command;

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
    return new LinkedHashMap<>();
  }
}
