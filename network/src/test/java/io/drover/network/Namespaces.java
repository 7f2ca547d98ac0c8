package io.drover.network;

import io.drover.linux.NetworkNamespace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** Network namespaces that a test makes and removes. */
final class Namespaces implements AutoCloseable {
  private static final SystemCommands HERE = new SystemCommands();
  private final List<String> made = new ArrayList<>();

  static void needed() {
    boolean possible =
        "root".equals(System.getProperty("user.name"))
            && HERE.run(
                    Duration.ofSeconds(5),
                    "",
                    List.of("sh", "-c", "ip netns list && nft list tables && conntrack -V"))
                .isGood();
    if (!possible && "true".equals(System.getenv("CI"))) {
      Assertions.fail("this test needs root, ip, nft and conntrack");
    }
    Assumptions.assumeTrue(possible, "this test needs root, ip, nft and conntrack");
  }

  /** Makes one; its name is cut short and made this process's own. */
  String make(String word) {
    String name = "dn%d-%s".formatted(ProcessHandle.current().pid(), word);
    sh("ip netns add " + name);
    made.add(name);
    in(name, "ip link set lo up");
    return name;
  }

  static SystemCommands commands(String namespace) {
    return new SystemCommands(List.of("ip", "netns", "exec", namespace));
  }

  static LinuxNetwork network(String namespace) {
    return new LinuxNetwork(
        commands(namespace),
        new LinuxNetwork.Inside() {
          @Override
          public <T> T call(Supplier<T> action) {
            return new NetworkNamespace(namespace).call(action);
          }
        });
  }

  static String in(String namespace, String script) {
    return good(commands(namespace).run(Duration.ofSeconds(20), "", List.of("sh", "-ec", script)));
  }

  static String sh(String script) {
    return good(HERE.run(Duration.ofSeconds(20), "", List.of("sh", "-ec", script)));
  }

  private static String good(Commands.Output output) {
    if (!output.isGood()) {
      throw new AssertionError(output.toString());
    }
    return output.out();
  }

  @Override
  public void close() {
    made.forEach(
        name -> sh("ip netns pids %1$s | xargs -r kill; ip netns del %1$s".formatted(name)));
  }
}
