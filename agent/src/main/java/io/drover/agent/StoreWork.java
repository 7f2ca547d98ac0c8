package io.drover.agent;

import io.drover.api.ProblemView;
import io.drover.api.StoreJobView;
import io.drover.api.StoreOrder;
import io.drover.api.StoreView;
import io.drover.chunk.ChunkStore;
import io.drover.chunk.GcReport;
import io.drover.chunk.Grain;
import io.drover.chunk.Image;
import io.drover.chunk.ImageReport;
import io.drover.chunk.SourceKind;
import io.drover.chunk.SourceStatus;
import io.drover.chunk.StoreLimits;
import io.drover.chunk.StoreStatus;
import io.drover.chunk.VerifyReport;
import io.drover.chunk.Visibility;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What people have done to the store: each order is a job, since it may take minutes. */
final class StoreWork {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWork.class);
  private static final int REMEMBERED = 50;

  private final Contents contents;
  private final BaseImages bases;
  private final AtomicLong last = new AtomicLong();
  private final Map<String, StoreJobView> jobs = new LinkedHashMap<>();

  StoreWork(Contents contents, BaseImages bases) {
    this.contents = contents;
    this.bases = bases;
  }

  private record Done(Map<String, Long> counts, List<StoreJobView.FindingView> findings) {
    Done(Map<String, Long> counts) {
      this(counts, List.of());
    }
  }

  private interface Job {
    Done run();
  }

  StoreView view() {
    StoreStatus status = contents.store().status();
    StoreLimits limits = status.limits();
    return new StoreView(
        contents.directory().toString(),
        status.names(),
        status.indexMemory().bytes(),
        limits.index().bytes(),
        status.checkpoints().bytes(),
        limits.checkpoints().bytes(),
        status.cache().bytes(),
        limits.cache().bytes(),
        status.sources().stream().map(StoreWork::view).toList(),
        status.refused().stream().map(ProblemView::of).toList());
  }

  private static StoreView.SourceView view(SourceStatus source) {
    return new StoreView.SourceView(
        word(source.kind()),
        source.subject(),
        source.owner().value(),
        word(source.visibility()),
        source.grain().bytes(),
        source.created().toEpochMilli(),
        source.names(),
        source.whole());
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** What cannot be done is refused before it begins. */
  StoreJobView begin(StoreOrder order) {
    Job job = job(order, contents.store());
    StoreJobView begun = begun("s" + last.incrementAndGet(), order.work());
    put(begun);
    Thread.ofVirtual().name("store-" + begun.id()).start(() -> run(job, begun));
    return begun;
  }

  synchronized StoreJobView job(String id) {
    StoreJobView found = jobs.get(id);
    if (found == null) {
      throw Problem.unknown(
              "unknown-job",
              "There is no job '%s'".formatted(id),
              "The last %d are remembered until the agent ends.".formatted(REMEMBERED))
          .asException();
    }
    return found;
  }

  private synchronized void put(StoreJobView job) {
    jobs.put(job.id(), job);
    if (jobs.size() > REMEMBERED) {
      jobs.remove(jobs.keySet().iterator().next());
    }
  }

  private void run(Job job, StoreJobView begun) {
    try {
      Done done = job.run();
      LOG.info("store {} is done: {}", begun.work(), done);
      put(
          new StoreJobView(
              begun.id(), begun.work(), true, Optional.empty(), done.counts(), done.findings()));
    } catch (ProblemException e) {
      LOG.error("store {} failed: {}", begun.work(), e.problem());
      put(failed(begun, e.problem()));
    } catch (RuntimeException e) {
      LOG.error("store {} failed", begun.work(), e);
      put(failed(begun, Problem.bug("store-work", String.valueOf(e.getMessage()))));
    }
  }

  private Job job(StoreOrder order, ChunkStore store) {
    return switch (order.work()) {
      case "index" -> {
        List<Image> images =
            order.path().isPresent()
                ? List.of(image(order, order.path().get()))
                : store.status().sources().stream()
                    .filter(source -> source.kind() == SourceKind.IMAGE)
                    .map(StoreWork::image)
                    .toList();
        yield () -> index(store, images);
      }
      case "gc" -> () -> collect(store.gc());
      case "verify" -> () -> verified(store.verify());
      case "forget" -> {
        Optional<GuestName> guest = order.guest().map(GuestName::new);
        Optional<Path> image = order.path().map(StoreWork::path);
        yield () -> forget(store, guest, image);
      }
      default ->
          throw Problem.usage(
                  "bad-work",
                  "'%s' is nothing that can be done with a store".formatted(order.work()),
                  "Choose index, gc, verify or forget.")
              .asException();
    };
  }

  private static Image image(StoreOrder order, String path) {
    Visibility visibility =
        switch (order.sharing().orElse("owner")) {
          case "owner" -> Visibility.OWNER;
          case "public" -> Visibility.PUBLIC;
          default ->
              throw Problem.usage(
                      "bad-sharing",
                      "'%s' is no way to share an image".formatted(order.sharing().orElse("")),
                      "Choose owner or public.")
                  .asException();
        };
    return new Image(
        path(path), order.owner().map(Owner::new).orElse(Owner.NOBODY), visibility, Grain.PAGE);
  }

  private static Image image(SourceStatus known) {
    return new Image(Path.of(known.subject()), known.owner(), known.visibility(), known.grain());
  }

  private static Path path(String text) {
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException e) {
      LOG.debug("not a path", e);
    }
    throw Problem.usage(
            "bad-path", "'%s' is not an absolute path".formatted(text), "Give the image's path.")
        .asException();
  }

  private Done index(ChunkStore store, List<Image> images) {
    long names = 0;
    long changed = 0;
    List<StoreJobView.FindingView> findings = new ArrayList<>();
    for (Image image : images) {
      try {
        ImageReport report = store.index(image);
        names += report.names();
        changed += report.changed();
        bases.prepare(image.path());
      } catch (ProblemException e) {
        if (images.size() == 1) {
          throw e;
        }
        findings.add(
            new StoreJobView.FindingView(
                "image", image.path().toString(), 0, e.problem().message()));
      }
    }
    return new Done(
        Map.of("images", (long) images.size(), "names", names, "changed", changed), findings);
  }

  private static Done collect(GcReport report) {
    return new Done(
        Map.of(
            "removed", report.removed(),
            "freedBytes", report.freed().bytes(),
            "found", report.found()));
  }

  private static Done verified(VerifyReport report) {
    return new Done(
        Map.of("chunks", report.chunks()),
        report.findings().stream()
            .map(
                finding ->
                    new StoreJobView.FindingView(
                        word(finding.kind()),
                        finding.subject(),
                        finding.dropped(),
                        finding.reason()))
            .toList());
  }

  private static Done forget(ChunkStore store, Optional<GuestName> guest, Optional<Path> image) {
    long removed = 0;
    if (guest.isPresent() && store.forget(guest.get())) {
      removed++;
    }
    if (image.isPresent() && store.forget(image.get())) {
      removed++;
    }
    return new Done(Map.of("removed", removed));
  }

  static StoreJobView begun(String id, String work) {
    return new StoreJobView(id, work, false, Optional.empty(), Map.of(), List.of());
  }

  private static StoreJobView failed(StoreJobView begun, Problem problem) {
    return new StoreJobView(
        begun.id(), begun.work(), true, Optional.of(ProblemView.of(problem)), Map.of(), List.of());
  }
}
