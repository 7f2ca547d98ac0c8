package io.drover.testkit;

/** A rule of migration that a simulated run broke. */
final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Violation(String message) {
    super(message);
  }
}
