package io.drover.cli;

import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/** The client's part of the command line, each noun or verb made only when it is wanted. */
public final class ClientVerbs {
  private ClientVerbs() {}

  public static Map<String, Supplier<CommandLine>> all(
      Terminal terminal, InputStream standardInput) {
    Map<String, Supplier<CommandLine>> verbs = new LinkedHashMap<>();
    verbs.put("migrate", () -> MigrateVerb.commandLine(terminal));
    verbs.put("migration", () -> MigrationVerbs.commandLine(terminal));
    verbs.put("guest", () -> GuestVerbs.commandLine(terminal, standardInput));
    verbs.put("host", () -> HostVerbs.commandLine(terminal));
    verbs.put("network", () -> NetworkVerbs.commandLine(terminal));
    verbs.put("store", () -> StoreVerbs.commandLine(terminal));
    return verbs;
  }
}
