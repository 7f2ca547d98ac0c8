package io.drover.chunk;

import io.drover.model.ByteSize;
import io.drover.model.Owner;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chunks that came over the network, in segments: one is open for each owner, and its chunks can be
 * found at once. A crash loses the open ones.
 */
final class ChunkCache {
  private static final long SEGMENT_BYTES = 64 << 20;
  // So that removing the oldest segment is not removing most of the cache.
  private static final long SEGMENTS = 8;

  private final Shelf shelf;
  private final Holdings holdings;
  private final long segmentBytes;
  private final Map<Owner, Segment> open = new HashMap<>();

  private final Map<Owner, Domain> domains = new HashMap<>();

  private record Segment(PackWriter pack, Source source) {}

  ChunkCache(Shelf shelf, ByteSize limit, Holdings holdings) {
    this.shelf = shelf;
    this.holdings = holdings;
    this.segmentBytes = Math.min(SEGMENT_BYTES, limit.bytes() / SEGMENTS);
  }

  /** Keeps a chunk that is not here yet, if there is room for it on disk and in the index. */
  synchronized void remember(Owner owner, ChunkName name, byte[] bytes, int offset) {
    if (isKnown(owner, name)) {
      return;
    }
    try {
      Optional<Segment> segment = append(owner, name, bytes, offset);
      if (segment.isEmpty()) {
        // What is open elsewhere may have all the room; ended, the oldest can go.
        seal();
        segment = append(owner, name, bytes, offset);
      }
      if (segment.isPresent() && segment.get().pack().bytes() >= segmentBytes) {
        seal(owner, segment.get());
      }
    } catch (IOException e) {
      throw Disk.unwritable(shelf.folder(), e);
    }
  }

  private boolean isKnown(Owner owner, ChunkName name) {
    ChunkIndex index = holdings.index();
    return name.equals(ChunkNamer.ZERO_PAGE)
        || index.find(name, Domain.PUBLIC) != ChunkIndex.NOWHERE
        || index.find(name, domains.computeIfAbsent(owner, Domain::of)) != ChunkIndex.NOWHERE;
  }

  private Optional<Segment> append(Owner owner, ChunkName name, byte[] bytes, int offset)
      throws IOException {
    Optional<Segment> segment = Optional.ofNullable(open.get(owner));
    if (segment.isEmpty()) {
      segment = shelf.begin(owner, "").map(this::begin);
      segment.ifPresent(begun -> open.put(owner, begun));
    }
    if (segment.isEmpty()) {
      return Optional.empty();
    }
    PackWriter pack = segment.get().pack();
    long block = pack.names();
    // First the index: what it has no room for would be written again and again. A reader that is
    // quicker than the disk forgets the name, and that is all.
    if (!holdings.offer(segment.get().source(), name, block)) {
      return segment;
    }
    try {
      if (shelf.append(pack, name, bytes, offset).isEmpty()) {
        holdings.remove(segment.get().source(), name, block);
        return Optional.empty();
      }
      return segment;
    } catch (IOException e) {
      lose(owner, segment.get(), e);
      throw e;
    }
  }

  private Segment begin(PackWriter pack) {
    Source.Contents nothing = new Source.Contents(new FileIdentity(0, 0, 0), 0, 0);
    Source source =
        holdings.add(pack.pack(), pack.catalogueFile(), pack.order(), pack.about(), nothing);
    source.growsWith(pack);
    return new Segment(pack, source);
  }

  /** Ends the open segments, so that they are there after a restart. */
  synchronized void seal() throws IOException {
    for (Map.Entry<Owner, Segment> each : List.copyOf(open.entrySet())) {
      seal(each.getKey(), each.getValue());
    }
  }

  private void seal(Owner owner, Segment segment) throws IOException {
    try {
      Source.Contents contents = segment.pack().seal();
      segment.source().renew(segment.pack().about(), contents);
      segment.source().isWritten();
    } catch (IOException e) {
      lose(owner, segment, e);
      throw e;
    }
    shelf.keep(segment.source());
    open.remove(owner);
    segment.pack().close();
  }

  // The disk is full or gone, or the thread was interrupted, which closes the file.
  private void lose(Owner owner, Segment segment, IOException cause) {
    open.remove(owner);
    holdings.drop(segment.source());
    try {
      shelf.abandon(segment.pack(), segment.pack().bytes());
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /** Brings the open segments' numbers up to date. */
  synchronized void count() {
    for (Segment segment : open.values()) {
      Source.Contents before = segment.source().contents();
      segment
          .source()
          .renew(
              segment.pack().about(),
              new Source.Contents(
                  before.identity(), segment.pack().names(), before.catalogueBytes()));
    }
  }
}
