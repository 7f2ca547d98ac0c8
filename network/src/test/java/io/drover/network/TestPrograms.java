package io.drover.network;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs that only tests need: the machine's own, or those that {@code
 * packaging/install-dependencies tests} unpacked beside them.
 */
final class TestPrograms {
  private TestPrograms() {}

  /** The words that begin its command; without it the test is skipped, and fails in CI. */
  static List<String> need(String name) {
    Optional<List<String>> found = find(name);
    if (found.isEmpty() && "true".equals(System.getenv("CI"))) {
      Assertions.fail("this test needs " + name);
    }
    Assumptions.assumeTrue(found.isPresent(), "this test needs " + name);
    return found.orElseThrow();
  }

  private static Optional<List<String>> find(String name) {
    List<Path> folders = new ArrayList<>();
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      folders.add(Path.of(folder));
    }
    folders.add(Path.of("/usr/sbin"));
    for (Path folder : folders) {
      if (Files.isExecutable(folder.resolve(name))) {
        return Optional.of(List.of(folder.resolve(name).toString()));
      }
    }
    Path unpacked = unpacked();
    for (String folder : List.of("bin", "sbin")) {
      Path program = unpacked.resolve(folder).resolve(name);
      if (Files.isExecutable(program)) {
        return Optional.of(
            List.of(
                "env",
                "LD_LIBRARY_PATH=" + unpacked.resolve("lib/x86_64-linux-gnu"),
                program.toString()));
      }
    }
    return Optional.empty();
  }

  private static Path unpacked() {
    String own = System.getenv("DROVER_CACHE");
    Path cache =
        own == null
            ? Path.of(System.getenv().getOrDefault("HOME", "/root"), ".cache", "drover")
            : Path.of(own);
    return cache.resolve("stock/usr");
  }
}
