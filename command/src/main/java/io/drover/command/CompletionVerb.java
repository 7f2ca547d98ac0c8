package io.drover.command;

import java.util.function.Supplier;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code drover completion bash}. */
@Command(
    name = "completion",
    description = {
      "Print a completion script for a shell.",
      "For bash: source <(drover completion bash)"
    })
final class CompletionVerb implements Runnable {
  private enum Shell {
    bash
  }

  private final Supplier<CommandLine> whole;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "SHELL", description = "bash")
  private Shell shell = Shell.bash;

  CompletionVerb(Supplier<CommandLine> whole) {
    this.whole = whole;
  }

  @Override
  public void run() {
    switch (shell) {
      case bash -> spec.commandLine().getOut().print(AutoComplete.bash("drover", whole.get()));
    }
    spec.commandLine().getOut().flush();
  }
}
