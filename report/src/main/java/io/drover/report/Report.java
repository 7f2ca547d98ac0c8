package io.drover.report;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Results in every form that people and programs read. */
public final class Report {
  private Report() {}

  /**
   * What came of writing.
   *
   * @param files in the order in which they were written
   * @param missing what could not be made here and why, a sentence each, to be shown to the person
   */
  public record Written(List<Path> files, List<String> missing) {
    public Written {
      files = List.copyOf(files);
      missing = List.copyOf(missing);
    }
  }

  /**
   * Leaves {@code results.json}, {@code results.csv}, {@code report.html} and a picture for each
   * figure in the folder, replacing what is there. The results come last, since a folder that has
   * them is complete.
   */
  public static Written write(Path folder, Results results) {
    List<Path> files = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    try {
      Files.createDirectories(folder);
      files.add(Files.writeString(folder.resolve("results.csv"), ResultsCsv.write(results)));
      files.add(Files.writeString(folder.resolve("results.json"), json(results)));
    } catch (IOException failure) {
      throw Problem.host(
              "results-unwritable",
              "%s cannot be written (%s)".formatted(folder, failure.getMessage()),
              "Choose another folder with --out.")
          .asException(failure);
    }
    return new Written(files, missing);
  }

  /** As in {@code results.json}. */
  public static String json(Results results) {
    return ResultsJson.write(results);
  }

  /** What {@link #json} wrote. */
  public static Results read(String json) {
    return ResultsJson.read(json);
  }
}
