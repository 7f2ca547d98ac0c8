package io.drover.chunk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The sources by number, and the index over them. When the index is full, the names of one source
 * make room, all at once: cache before checkpoints before images, and of a kind the oldest. A
 * source that would be next itself gets no room.
 */
final class Holdings {
  private static final Comparator<Source> FIRST_TO_GO =
      Comparator.comparingInt((Source source) -> -source.about().kind().code())
          .thenComparingLong(Source::order)
          .thenComparingInt(Source::id);
  private static final int FIRST_SOURCES = 16;

  private final ChunkIndex index;
  // Replaced, never changed: readers take no lock. Numbers are used again; see ChunkReader.
  private volatile Optional<Source>[] byId = none(FIRST_SOURCES);

  Holdings(ChunkIndex index) {
    this.index = index;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Optional<Source>[] none(int length) {
    Optional<Source>[] nothing = new Optional[length];
    Arrays.fill(nothing, Optional.empty());
    return nothing;
  }

  ChunkIndex index() {
    return index;
  }

  synchronized Source add(
      Path file, Path catalogue, long order, Description about, Source.Contents contents) {
    int id = 1;
    while (id < byId.length && byId[id].isPresent()) {
      id++;
    }
    if (id > Place.MAX_SOURCE) {
      throw new IllegalStateException("there are %d sources".formatted(id));
    }
    Source source = new Source(id, file, catalogue, order, about, contents);
    Optional<Source>[] more = none(id < byId.length ? byId.length : 2 * byId.length);
    System.arraycopy(byId, 0, more, 0, byId.length);
    more[id] = Optional.of(source);
    byId = more;
    return source;
  }

  Optional<Source> at(int id) {
    Optional<Source>[] now = byId;
    return id < now.length ? now[id] : Optional.empty();
  }

  List<Source> all() {
    return Arrays.stream(byId).flatMap(Optional::stream).toList();
  }

  /** Those whose names stay longest first. */
  List<Source> bestFirst() {
    return all().stream().sorted(FIRST_TO_GO.reversed()).toList();
  }

  /** The source and its names are forgotten; its files are the caller's. */
  synchronized void drop(Source source) {
    source.setGone();
    index.forget(source.id());
    Optional<Source>[] fewer = byId.clone();
    fewer[source.id()] = Optional.empty();
    byId = fewer;
  }

  /** Whether there is a place for the name now, here or elsewhere. */
  boolean offer(Source source, ChunkName name, long block) {
    if (isPublic(source, name)) {
      return true;
    }
    while (true) {
      switch (index.offer(name, source.domain(), Place.of(source.id(), block))) {
        case ADDED -> {
          source.setIndexed();
          return true;
        }
        case KNOWN -> {
          return true;
        }
        case FULL -> {
          if (!makeRoom(source)) {
            source.setPartly();
            return false;
          }
        }
      }
    }
  }

  // What everybody is given needs no second place for one owner.
  private boolean isPublic(Source source, ChunkName name) {
    return source.about().visibility() != Visibility.PUBLIC
        && index.find(name, Domain.PUBLIC) != ChunkIndex.NOWHERE;
  }

  /** Offers all names of the source's catalogue, as far as there is room. */
  void offerAll(Source source, CatalogueReader catalogue) throws IOException {
    while (catalogue.next()) {
      if (!offer(source, catalogue.name(), catalogue.block())) {
        return;
      }
    }
    source.setWhole();
  }

  void remove(Source source, ChunkName name, long block) {
    index.remove(name, source.domain(), Place.of(source.id(), block));
  }

  private synchronized boolean makeRoom(Source newcomer) {
    Optional<Source> victim =
        all().stream()
            .filter(Source::isIndexed)
            .filter(source -> FIRST_TO_GO.compare(source, newcomer) < 0)
            .min(FIRST_TO_GO);
    victim.ifPresent(
        source -> {
          source.setUnindexed();
          index.forget(source.id());
        });
    return victim.isPresent();
  }
}
