package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.Json;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What every client verb has: an agent to ask, and a place to print to. */
abstract class Verb implements Callable<Integer> {
  private final AgentOptions options;
  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();

  Verb(AgentOptions options, Terminal terminal) {
    this.options = options;
    this.terminal = terminal;
  }

  /** Does it, and answers the exit code. */
  abstract int run(ApiClient client);

  @Override
  public Integer call() {
    int code = run(options.client());
    out().flush();
    return code;
  }

  final Terminal terminal() {
    return terminal;
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  final boolean json() {
    return options.json();
  }

  final void print(List<String> lines) {
    lines.forEach(out()::println);
  }

  /** The value as JSON if that was asked for, else the lines. */
  final int answer(Object value, Supplier<List<String>> lines) {
    if (json()) {
      out().println(Json.write(value));
    } else {
      print(lines.get());
    }
    return 0;
  }
}
