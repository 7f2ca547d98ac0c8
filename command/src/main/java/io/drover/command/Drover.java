package io.drover.command;

import io.drover.cli.ClientVerbs;
import io.drover.cli.Problems;
import io.drover.cli.Terminal;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The whole command line. Only the noun or verb that was asked for is made, because making all of
 * them takes longer than most of them run; {@code --help} and the like make all.
 */
final class Drover {
  private final Map<String, Supplier<CommandLine>> verbs = new LinkedHashMap<>();
  private final Terminal terminal;
  private final PrintWriter out;
  private final PrintWriter err;

  Drover(Terminal terminal, InputStream in, PrintWriter out, PrintWriter err) {
    this.terminal = terminal;
    this.out = out;
    this.err = err;
    verbs.putAll(ClientVerbs.all(terminal, in));
    verbs.putAll(OtherVerbs.all());
    verbs.put("completion", () -> new CommandLine(new CompletionVerb(this::whole)));
    verbs.put("man", () -> new CommandLine(new ManVerb(this::whole)));
    verbs.put("training", () -> new CommandLine(new TrainingVerb()));
  }

  @Command(
      name = "drover",
      description = "Moves running virtual machines between hosts.",
      synopsisSubcommandLabel = "VERB",
      footer = {
        "",
        "'drover help VERB' tells more. Exit codes: 0 done, 2 asked for what cannot be, 3 this",
        "host lacks something, 4 the other host failed, 5 full or busy, 6 the migration did not",
        "succeed, 7 no such guest, host or migration, 70 a defect in Drover."
      })
  private static final class Root {}

  int run(String... arguments) {
    Optional<String> first = List.of(arguments).stream().findFirst().filter(verbs::containsKey);
    CommandLine root = first.map(verb -> root(List.of(verb))).orElseGet(this::whole);
    if (arguments.length == 0) {
      root.usage(out);
      out.flush();
      return 2;
    }
    return root.execute(arguments);
  }

  /** With everything in it. */
  CommandLine whole() {
    return root(List.copyOf(verbs.keySet()));
  }

  private CommandLine root(List<String> wanted) {
    CommandLine root = new CommandLine(new Root());
    for (String verb : wanted) {
      Supplier<CommandLine> maker = verbs.get(verb);
      if (maker != null) {
        root.addSubcommand(verb, maker.get());
      }
    }
    root.addSubcommand(new CommandLine.HelpCommand());
    Problems problems = new Problems(terminal);
    return finish(root)
        .setExecutionExceptionHandler(problems)
        .setParameterExceptionHandler(problems)
        .setOut(out)
        .setErr(err)
        .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
        .setUsageHelpWidth(100);
  }

  /** Every command and subcommand answers to --help; hidden ones are marked. */
  private static CommandLine finish(CommandLine command) {
    CommandLine.Model.CommandSpec spec = command.getCommandSpec();
    if (spec.findOption("--help") == null && !spec.helpCommand()) {
      spec.addOption(
          CommandLine.Model.OptionSpec.builder("--help", "-h")
              .usageHelp(true)
              .description("Show this help.")
              .build());
    }
    if (spec.parent() == null && spec.findOption("--version") == null) {
      spec.version("drover " + Release.version());
      spec.addOption(
          CommandLine.Model.OptionSpec.builder("--version")
              .versionHelp(true)
              .description("Show the version.")
              .build());
    }
    command.getSubcommands().values().forEach(Drover::finish);
    return command;
  }
}
