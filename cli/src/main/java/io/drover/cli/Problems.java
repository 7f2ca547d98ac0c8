package io.drover.cli;

import io.drover.api.Json;
import io.drover.api.ProblemView;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Tells a person what did not work, in two lines on standard error, and answers the exit code that
 * belongs to it. With {@code --json} the problem is also the one JSON value on standard output.
 */
public final class Problems implements IExecutionExceptionHandler, IParameterExceptionHandler {
  /** As shells count: 128 and the number of the signal that Ctrl-C sends. */
  private static final int INTERRUPTED = 130;

  private final Terminal terminal;

  public Problems(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    List<String> arguments = parsed.originalArgs();
    if (e instanceof ProblemException problem) {
      return tell(problem.problem(), command, arguments);
    }
    if (Thread.currentThread().isInterrupted()) {
      // By Ctrl-C or a signal: the process ends, and whoever sent it knows why.
      command.getErr().println("drover: interrupted");
      command.getErr().flush();
      return INTERRUPTED;
    }
    if (System.getenv("DROVER_TRACE") != null) {
      e.printStackTrace(command.getErr());
    }
    return tell(
        Problem.bug("unexpected-failure", "This command failed unexpectedly: " + e),
        command,
        arguments);
  }

  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    // picocli wraps what a converter threw.
    Problem problem =
        e.getCause() instanceof ProblemException cause
            ? cause.problem()
            : Problem.usage(
                "bad-arguments",
                String.valueOf(e.getMessage()),
                "See '%s --help'.".formatted(e.getCommandLine().getCommandSpec().qualifiedName()));
    return tell(problem, e.getCommandLine(), List.of(arguments));
  }

  private int tell(Problem problem, CommandLine command, List<String> arguments) {
    if (arguments.contains("--json")) {
      command.getOut().println(Json.write(ProblemView.of(problem)));
      command.getOut().flush();
    }
    lines(problem, terminal).forEach(command.getErr()::println);
    command.getErr().flush();
    return problem.kind().exitCode();
  }

  static List<String> lines(Problem problem, Terminal terminal) {
    List<String> lines =
        new ArrayList<>(
            Wrapped.after(terminal.bad("drover: "), 8, Safe.text(problem.message()), terminal));
    if (!problem.remedy().isEmpty()) {
      lines.addAll(Wrapped.after(" ".repeat(8), 8, Safe.text(problem.remedy()), terminal));
    }
    return lines;
  }

  /** Prints a problem that kept the command line from being built at all. */
  public int tell(Problem problem, PrintWriter err) {
    lines(problem, terminal).forEach(err::println);
    err.flush();
    return problem.kind().exitCode();
  }
}
