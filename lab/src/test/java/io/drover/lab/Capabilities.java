package io.drover.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * What tests with namespaces and real guests need: absent, they fail in CI and are skipped here.
 */
final class Capabilities {
  private Capabilities() {}

  static void require(String... programs) {
    if (!"root".equals(System.getProperty("user.name"))) {
      missing("root");
    }
    for (String program : programs) {
      if (Programs.find(program).isEmpty()) {
        missing(program);
      }
    }
  }

  /** A program that packaging/install-dependencies unpacks. */
  static void require(Path program) {
    if (!Files.isExecutable(program)) {
      missing(program + ", which 'packaging/install-dependencies tests' unpacks on Debian 12");
    }
  }

  private static void missing(String what) {
    String sentence = "this test needs " + what;
    if ("true".equals(System.getenv("CI"))) {
      Assertions.fail(sentence);
    }
    Assumptions.abort(sentence);
  }
}
