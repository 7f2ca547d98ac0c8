package io.drover.lab;

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

  private static void missing(String what) {
    String sentence = "this test needs " + what;
    if ("true".equals(System.getenv("CI"))) {
      Assertions.fail(sentence);
    }
    Assumptions.abort(sentence);
  }
}
