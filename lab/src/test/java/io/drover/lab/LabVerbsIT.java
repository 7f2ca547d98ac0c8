package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

@Tag("real")
class LabVerbsIT {
  private static final LabStore STORE = LabStore.ofMachine();

  private record Said(int exitCode, String out) {}

  @BeforeAll
  static void needed() {
    Capabilities.require("unshare", "nsenter", "ip", "tc", "bridge", "ping");
  }

  @AfterEach
  void nothingStays() {
    STORE.read("it-v").ifPresent(record -> Leftovers.remove(STORE, record));
    STORE.removeRootIfEmpty();
  }

  private static Said lab(String... arguments) {
    CommandLine command = Objects.requireNonNull(LabVerbs.all().get("lab")).get();
    StringWriter out = new StringWriter();
    command.setOut(new PrintWriter(out)).setErr(new PrintWriter(new StringWriter()));
    command.setExecutionExceptionHandler(
        (failure, _, _) -> {
          out.write(failure.toString());
          return 9;
        });
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.add(1, "--name");
    all.add(2, "it-v");
    return new Said(command.execute(all.toArray(String[]::new)), out.toString());
  }

  @Test
  void aLabIsMadeUsedCutShapedAndRemovedFromTheCommandLine() {
    Said up = lab("up", "--no-agents", "--hosts", "alpha,gamma", "--rate", "1gbit");
    assertThat(up.out()).contains("alpha", "gamma", "1.00 Gbit/s", "lab down --name it-v");
    assertThat(up.exitCode()).isZero();
    assertThat(lab("up", "--no-agents").exitCode()).isEqualTo(9);
    assertThat(lab("status", "--json").out())
        .contains("\"name\":\"it-v\"", "\"keeping\":\"kept\"", "\"state\":\"up\"");
    assertThat(lab("exec", "gamma", "--", "sh", "-c", "test $(hostname) = gamma").exitCode())
        .isZero();
    assertThat(lab("exec", "gamma", "--", "sh", "-c", "exit 17").exitCode()).isEqualTo(17);
    String[] ping = {"exec", "alpha", "--", "ping", "-q", "-c", "1", "-W", "1", "198.51.100.2"};
    assertThat(lab(ping).exitCode()).isZero();
    assertThat(lab("cut", "gamma").out()).contains("gamma is cut");
    assertThat(lab(ping).exitCode()).isNotZero();
    assertThat(lab("status").out()).contains("cut: gamma.migration", "cut: gamma.guests");
    assertThat(lab("heal", "gamma").exitCode()).isZero();
    assertThat(lab(ping).exitCode()).isZero();
    assertThat(lab("shape", "--rate", "100mbit").out()).contains("100.0 Mbit/s");
    Said refused = lab("shape", "--delay", "10");
    assertThat(refused.exitCode()).isEqualTo(9);
    assertThat(refused.out()).contains("--user-space-link");
    assertThat(lab("cut", "nobody").exitCode()).isEqualTo(9);
    assertThat(lab("exec", "beta", "--", "true").exitCode()).isEqualTo(9);
    assertThat(lab("down").out()).contains("Lab it-v is gone.");
    assertThat(lab("down").out()).contains("nothing to remove");
    assertThat(STORE.read("it-v")).isEmpty();
  }
}
