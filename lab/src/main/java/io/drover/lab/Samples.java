package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every sample of a benchmark, each written down as soon as it is taken: a run that was interrupted
 * goes on where it was. The file's first line says of what the samples are; those of anything else
 * are not mixed with new ones but put aside.
 */
final class Samples {
  static final String FILE = "samples.jsonl";
  static final String OLD_FILE = "samples.old.jsonl";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;
  private final Subject subject;
  private final List<Sample> all = new ArrayList<>();
  private boolean putAside;

  /**
   * Of what samples are; equal ones may be mixed.
   *
   * @param declaration stands for what is done, guest by guest
   * @param drover version and build
   * @param machine what else numbers depend on
   */
  record Subject(String experiment, String declaration, String drover, String machine) {}

  private Samples(Path file, Subject subject) {
    this.file = file;
    this.subject = subject;
  }

  /** Reads what is there; a line that was cut off by a crash is left out and written anew. */
  static Samples open(Path folder, Subject subject) {
    Samples samples = new Samples(folder.resolve(FILE), subject);
    try {
      Files.createDirectories(folder.toAbsolutePath());
      if (Files.exists(samples.file)) {
        samples.read();
      }
      samples.rewrite();
    } catch (IOException failure) {
      throw samples.unwritable(failure);
    }
    return samples;
  }

  private void read() throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !parse(lines.getFirst(), Subject.class).equals(Optional.of(subject))) {
      moveAside();
      return;
    }
    lines.stream().skip(1).forEach(line -> parse(line, Sample.class).ifPresent(all::add));
  }

  private static <T> Optional<T> parse(String line, Class<T> type) {
    try {
      return Optional.of(JSON.readValue(line, type));
    } catch (JacksonException | IllegalArgumentException | NullPointerException cutOff) {
      return Optional.empty();
    }
  }

  private void rewrite() throws IOException {
    StringBuilder text = new StringBuilder(JSON.writeValueAsString(subject)).append('\n');
    for (Sample sample : all) {
      text.append(JSON.writeValueAsString(sample)).append('\n');
    }
    Files.writeString(file, text);
  }

  private void moveAside() throws IOException {
    Files.move(file, file.resolveSibling(OLD_FILE), StandardCopyOption.REPLACE_EXISTING);
    all.clear();
    putAside = true;
  }

  /** Begins without samples; those there were stay readable beside the new ones. */
  void beginAnew() {
    try {
      moveAside();
      rewrite();
    } catch (IOException failure) {
      throw unwritable(failure);
    }
  }

  /** Whether there were samples of something else, which are in {@link #OLD_FILE} now. */
  boolean putAside() {
    return putAside;
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
      throw unwritable(failure);
    }
  }

  Optional<Sample> of(Piece piece) {
    return all.stream().filter(sample -> sample.isOf(piece)).findFirst();
  }

  List<Sample> all() {
    return List.copyOf(all);
  }

  List<Double> values(String caseName, String contender, Measure measure) {
    return all.stream()
        .filter(
            sample -> sample.caseName().equals(caseName) && sample.contender().equals(contender))
        .flatMap(sample -> Optional.ofNullable(sample.values().get(measure)).stream())
        .toList();
  }

  private RuntimeException unwritable(IOException failure) {
    return Problem.host(
            "results-unwritable",
            "%s cannot be written (%s)".formatted(file, failure.getMessage()),
            "Choose another folder with --out.")
        .asException(failure);
  }
}
