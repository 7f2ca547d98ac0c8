package io.drover.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.cli.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class DroverTest {
  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Drover drover =
      new Drover(
          Terminal.NONE,
          InputStream.nullInputStream(),
          new PrintWriter(out, true),
          new PrintWriter(err, true));

  @Test
  void listsEveryVerbInItsHelpButTheHiddenOnes() {
    assertThat(drover.run("--help")).isZero();
    assertThat(out.toString())
        .contains("migrate", "migration", "guest", "host", "completion", "Exit codes")
        .doesNotContain("training");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"help migrate", "migrate --help", "migration set -h", "guest list --help"})
  void explainsAVerb(String line) {
    assertThat(drover.run(line.split(" "))).isZero();
    assertThat(out.toString()).startsWith("Usage: drover ").contains("--agent");
  }

  @Test
  void saysWhichWordItDoesNotKnow() {
    assertThat(drover.run("fly")).isEqualTo(2);
    assertThat(err.toString()).startsWith("drover: ").contains("'fly'");
  }

  @Test
  void everyVisibleVerbSaysWhatItDoes() {
    TreeSet<String> silent = new TreeSet<>();
    collectSilent(drover.whole(), silent);
    assertThat(silent).isEmpty();
  }

  private static void collectSilent(CommandLine command, Set<String> silent) {
    if (command.getCommandSpec().usageMessage().description().length == 0) {
      silent.add(command.getCommandSpec().qualifiedName());
    }
    command.getSubcommands().values().forEach(each -> collectSilent(each, silent));
  }

  @Test
  void everyVerbThatAsksAnAgentTakesJson() {
    for (String noun : new String[] {"migrate", "migration", "guest", "host"}) {
      CommandLine command =
          java.util.Objects.requireNonNull(drover.whole().getSubcommands().get(noun));
      assertThat(command.getCommandSpec().findOption("--json")).as(noun).isNotNull();
      command
          .getSubcommands()
          .forEach(
              (verb, each) ->
                  assertThat(each.getCommandSpec().findOption("--json"))
                      .as(noun + " " + verb)
                      .isNotNull());
    }
  }

  @Test
  void printsACompletionScriptThatBashAccepts() throws Exception {
    assertThat(drover.run("completion", "bash")).isZero();
    Path script = Files.writeString(directory.resolve("completion"), out.toString());

    Process bash = new ProcessBuilder("bash", "-n", script.toString()).start();

    assertThat(bash.waitFor()).isZero();
    assertThat(out.toString()).contains("migrate").contains("--max-downtime");
  }

  @Test
  void writesAManualPageForEveryVerb() throws IOException {
    assertThat(drover.run("man", directory.toString())).isZero();

    Map<String, String> pages = ManualPages.of(drover.whole());
    assertThat(directory.toFile().list())
        .containsExactlyInAnyOrderElementsOf(pages.keySet())
        .contains("drover.1", "drover-migrate.1", "drover-guest-list.1")
        .doesNotContain("drover-training.1");
    assertThat(directory.resolve("drover-migrate.1"))
        .content()
        .contains(".SH OPTIONS", ".B \\-\\-bandwidth RATE", "/run/drover/agent.sock")
        .doesNotContain("${");
  }

  @Test
  void trainsTheStartUpCacheWithoutAnAgent() {
    assertThat(drover.run("training")).isZero();
  }
}
