package io.drover.cli;

import io.drover.api.ProblemView;
import io.drover.api.StoreJobView;
import io.drover.api.StoreView;
import io.drover.model.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The store as people read it. */
final class StoreText {
  private StoreText() {}

  static List<String> status(StoreView store, Terminal terminal) {
    List<String> lines = new ArrayList<>();
    lines.add(terminal.strong(Safe.text(store.directory())));
    lines.addAll(
        new Facts(terminal)
            .add(
                "index",
                "%d names in %s of memory, of %s"
                    .formatted(
                        store.names(),
                        new ByteSize(store.indexBytes()),
                        new ByteSize(store.indexLimitBytes())))
            .add("checkpoints", taken(store.checkpointBytes(), store.checkpointLimitBytes()))
            .add("cache", taken(store.cacheBytes(), store.cacheLimitBytes()))
            .lines());
    if (!store.sources().isEmpty()) {
      Table table = new Table("KIND", "OF", "OWNER", "FOR", ">HOLDS", "INDEXED");
      for (StoreView.SourceView source : store.sources()) {
        table.row(
            source.kind(),
            source.subject().isEmpty() ? "-" : source.subject(),
            source.owner(),
            source.sharing().equals("public") ? "everybody" : "its owner",
            new ByteSize(source.names() * source.grainBytes()),
            source.whole() ? "whole" : "in part");
      }
      lines.add("");
      lines.addAll(table.lines(terminal));
    }
    for (ProblemView refused : store.refused()) {
      lines.add("");
      lines.add(terminal.warning("refused: ") + Safe.text(refused.message()));
      lines.add("         " + Safe.text(refused.remedy()));
    }
    return lines;
  }

  private static String taken(long bytes, long limit) {
    return limit == 0
        ? "none are kept"
        : "%s of %s".formatted(new ByteSize(bytes), new ByteSize(limit));
  }

  static List<String> done(StoreJobView job) {
    Map<String, Long> counts = job.counts();
    List<String> lines = new ArrayList<>();
    lines.add(
        switch (job.work()) {
          case "index" ->
              "%d names in %d images; %d changed."
                  .formatted(
                      count(counts, "names"), count(counts, "images"), count(counts, "changed"));
          case "gc" ->
              "%d files removed, %s free again; %d names found again."
                  .formatted(
                      count(counts, "removed"),
                      new ByteSize(count(counts, "freedBytes")),
                      count(counts, "found"));
          case "verify" -> "%d chunks are as they should be.".formatted(count(counts, "chunks"));
          case "forget" ->
              count(counts, "removed") == 0 ? "There was nothing of it." : "It is forgotten.";
          default -> "Done.";
        });
    for (StoreJobView.FindingView finding : job.findings()) {
      lines.add(
          Safe.text(
              "%s %s: %s; %d names dropped"
                  .formatted(
                      finding.kind(), finding.subject(), finding.reason(), finding.dropped())));
    }
    return lines;
  }

  private static long count(Map<String, Long> counts, String what) {
    return counts.getOrDefault(what, 0L);
  }
}
