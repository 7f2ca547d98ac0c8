package io.drover.agent;

import io.drover.model.Owner;
import io.drover.wire.PeerMessage.BaseFile;
import io.drover.wire.PeerMessage.BaseImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images of this host that a guest's disks may be based on: those that people have indexed, and
 * those that guests which were here, or came here, are based on. Which of them is the right one is
 * told by what it holds; what it is called, and where it lies, means nothing.
 */
final class BaseImages {
  private static final Logger LOG = LoggerFactory.getLogger(BaseImages.class);

  private final BaseDigests digests;
  private final Function<Owner, List<Path>> indexed;
  private final Predicate<Path> written;
  private final Duration patience;

  /** What a search came to. */
  sealed interface Search {
    record Found(BaseFile image) implements Search {}

    record Nothing(String reason) implements Search {}

    /** It depends on what the source has not told. */
    record Unread(String reason) implements Search {}
  }

  /**
   * @param indexed the images whose content guests of an owner may be given
   * @param written whether somebody writes to an image, or is about to
   * @param patience how long a search waits for images that have not been read yet; reading goes on
   *     afterwards
   */
  BaseImages(
      BaseDigests digests,
      Function<Owner, List<Path>> indexed,
      Predicate<Path> written,
      Duration patience) {
    this.digests = digests;
    this.indexed = indexed;
    this.written = written;
    this.patience = patience;
  }

  /**
   * Looks for an image that holds what {@code wanted} does.
   *
   * @param folder whose images count as well, whoever made them
   */
  Search find(BaseImage wanted, Owner owner, Optional<Path> folder) {
    List<BaseFiles> images = ofSize(wanted.size(), owner, folder);
    if (wanted.digest().isEmpty()) {
      return images.isEmpty()
          ? nothing(wanted, Optional.empty())
          : new Search.Unread("what its base %s holds has not been read".formatted(wanted.name()));
    }
    String digest = wanted.digest().get();
    List<BaseFiles> candidates = new ArrayList<>();
    Optional<Path> busy = Optional.empty();
    for (BaseFiles image : images) {
      if (written.test(image.uppermost())) {
        busy = Optional.of(image.uppermost());
      } else if (digests.known(image).equals(Optional.of(digest))) {
        return found(image);
      } else if (digests.known(image).isEmpty()) {
        candidates.add(image);
      }
    }
    return read(candidates, digest).orElse(nothing(wanted, busy));
  }

  private static Search nothing(BaseImage wanted, Optional<Path> busy) {
    String reason = "no image there holds what its base %s does".formatted(wanted.name());
    return new Search.Nothing(
        busy.map(image -> "%s; %s was left out, for it is written to".formatted(reason, image))
            .orElse(reason));
  }

  private static Search found(BaseFiles image) {
    return new Search.Found(new BaseFile(image.uppermost().toString(), image.format()));
  }

  private Optional<Search> read(List<BaseFiles> candidates, String digest) {
    long deadline = System.nanoTime() + patience.toNanos();
    Optional<Search> unread = Optional.empty();
    for (BaseFiles image : candidates) {
      CompletableFuture<String> reading = digests.of(image);
      try {
        long left = Math.max(0, deadline - System.nanoTime());
        if (reading.get(left, TimeUnit.NANOSECONDS).equals(digest)) {
          return Optional.of(found(image));
        }
      } catch (TimeoutException e) {
        unread =
            Optional.of(
                new Search.Nothing(
                    "%s, which may hold the same, is still being read there"
                        .formatted(image.uppermost())));
      } catch (ExecutionException e) {
        LOG.debug("{} is no base for anybody", image.uppermost(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return unread;
      }
    }
    return unread;
  }

  /** Others cannot be it, and need not be read. */
  private List<BaseFiles> ofSize(long bytes, Owner owner, Optional<Path> folder) {
    Set<Path> single = new LinkedHashSet<>(indexed.apply(owner));
    folder.ifPresent(where -> single.addAll(files(where)));
    List<BaseFiles> images = new ArrayList<>(digests.offeredTo(owner));
    // Which files they consist of may have changed with them.
    images.removeIf(image -> digests.known(image).isEmpty());
    for (Path file : single) {
      try {
        if (Files.isRegularFile(file)) {
          ImageHeader.of(file)
              .filter(header -> header.bytes() == bytes)
              .ifPresent(header -> images.add(new BaseFiles(List.of(file), header.format())));
        }
      } catch (IOException e) {
        LOG.debug("{} cannot be read", file, e);
      }
    }
    return images;
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Reads an image that people have indexed, so that no move has to wait for that. */
  void prepare(Path file) {
    try {
      Optional<ImageHeader> header = ImageHeader.of(file);
      if (header.isPresent() && !written.test(file)) {
        String _ = digests.of(new BaseFiles(List.of(file), header.get().format())).get();
      }
    } catch (IOException | ExecutionException e) {
      LOG.debug("{} is no base for anybody", file, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A guest of that owner is based on it: others may be as well. */
  void offer(BaseFiles image, Owner owner) {
    CompletableFuture<Void> _ = digests.of(image).thenAccept(_ -> digests.offer(image, owner));
  }
}
