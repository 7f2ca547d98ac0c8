package io.drover.agent;

import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a file, so that a person mends all of it at once. */
final class YamlMistakes {
  private record Mistake(int line, String what) {}

  private final List<Mistake> mistakes = new ArrayList<>();

  /** Line 0 means the file as a whole. */
  void add(int line, String what) {
    mistakes.add(new Mistake(line, what));
  }

  boolean isEmpty() {
    return mistakes.isEmpty();
  }

  Problem problem(String file) {
    StringBuilder message = new StringBuilder();
    for (Mistake mistake : mistakes) {
      message
          .append(message.isEmpty() ? "" : "; ")
          .append(mistake.line() > 0 ? "line " + mistake.line() + ": " : "")
          .append(mistake.what());
    }
    return Problem.usage(
        "bad-configuration",
        "%s has %s: %s"
            .formatted(
                file, mistakes.size() == 1 ? "a mistake" : mistakes.size() + " mistakes", message),
        "docs/agent.yaml.example explains every key.");
  }
}
