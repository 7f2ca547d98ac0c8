package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every sample of a benchmark, each written down as soon as it is taken: a run that was interrupted
 * goes on where it was.
 */
final class Samples {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;
  private final List<Sample> all = new ArrayList<>();

  private Samples(Path file) {
    this.file = file;
  }

  /** Reads what is there; a line that was cut off by a crash is left out and written anew. */
  static Samples open(Path file) {
    Samples samples = new Samples(file);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (Files.exists(file)) {
        for (String line : Files.readAllLines(file)) {
          parse(line).ifPresent(samples.all::add);
        }
        samples.rewrite();
      }
    } catch (IOException failure) {
      throw unwritable(file, failure);
    }
    return samples;
  }

  private static Optional<Sample> parse(String line) {
    try {
      return Optional.of(JSON.readValue(line, Sample.class));
    } catch (JacksonException | IllegalArgumentException cutOff) {
      return Optional.empty();
    }
  }

  private void rewrite() throws IOException {
    StringBuilder text = new StringBuilder();
    for (Sample sample : all) {
      text.append(JSON.writeValueAsString(sample)).append('\n');
    }
    Files.writeString(file, text);
  }

  void add(Sample sample) {
    all.add(sample);
    try {
      Files.write(
          file,
          (JSON.writeValueAsString(sample) + "\n").getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException failure) {
      throw unwritable(file, failure);
    }
  }

  boolean has(String caseName, String contender, int run) {
    return all.stream()
        .anyMatch(
            sample ->
                sample.caseName().equals(caseName)
                    && sample.contender().equals(contender)
                    && sample.run() == run);
  }

  List<Sample> all() {
    return List.copyOf(all);
  }

  List<Sample> failures() {
    return all.stream().filter(sample -> sample.failure().isPresent()).toList();
  }

  List<Double> values(String caseName, String contender, Measure measure) {
    return all.stream()
        .filter(
            sample -> sample.caseName().equals(caseName) && sample.contender().equals(contender))
        .flatMap(sample -> Optional.ofNullable(sample.values().get(measure)).stream())
        .toList();
  }

  private static RuntimeException unwritable(Path file, IOException failure) {
    return Problem.host(
            "results-unwritable",
            "%s cannot be written (%s)".formatted(file, failure.getMessage()),
            "Choose another folder with --out.")
        .asException(failure);
  }
}
