package io.drover.chunk;

import io.drover.model.ByteSize;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Where chunks are: for each name and domain one place, in memory only. Any number of threads may
 * read and write.
 *
 * <p>A slot has 16 bytes: 64 bits of the name and the place. Six more bits of the name choose one
 * of 64 parts, so an answer rests on 70 of the 160 bits. That is enough for a hint, and it is no
 * more than that: what lies at the place is hashed before anybody believes it. Between two in five
 * and three in four of the slots are taken, which makes 21 to 40 bytes a name; while a part is
 * enlarged it is there twice.
 */
public final class ChunkIndex {
  /** The place of what is not here. */
  public static final long NOWHERE = 0;

  /** What became of an offer. */
  public enum Offer {
    ADDED,
    /** There is a place for this name already; it stays. */
    KNOWN,
    FULL
  }

  private static final int PART_BITS = 6;
  private static final int SLOT_BYTES = 2 * Long.BYTES;

  private final IndexPart[] parts;
  private final ByteSize limit;

  /**
   * @param limit of memory; with less than {@code 16k} it is that
   */
  public ChunkIndex(ByteSize limit) {
    this.limit = limit;
    long slots = (limit.bytes() / SLOT_BYTES) >>> PART_BITS;
    this.parts =
        IntStream.range(0, 1 << PART_BITS)
            .mapToObj(part -> new IndexPart(slots))
            .toArray(IndexPart[]::new);
  }

  /** Remembers where {@code name} is, unless that is known. */
  public Offer offer(ChunkName name, Domain domain, long place) {
    return part(name, domain).offer(tag(name, domain), place);
  }

  /** Where {@code name} may be, or {@link #NOWHERE}. */
  public long find(ChunkName name, Domain domain) {
    return part(name, domain).find(tag(name, domain));
  }

  /** Forgets that {@code name} is at {@code place}; another place stays. */
  public void remove(ChunkName name, Domain domain, long place) {
    part(name, domain).remove(tag(name, domain), place);
  }

  /** Forgets all names of a source, in the time of one look at the whole index. */
  long forget(int source) {
    return LongStream.range(0, parts.length).map(i -> parts[(int) i].forget(source)).sum();
  }

  /** How many names there are; the same name in two domains counts twice. */
  public long names() {
    return LongStream.range(0, parts.length).map(i -> parts[(int) i].size()).sum();
  }

  /** The memory that is taken. */
  public ByteSize memory() {
    return new ByteSize(LongStream.range(0, parts.length).map(i -> parts[(int) i].bytes()).sum());
  }

  public ByteSize limit() {
    return limit;
  }

  private IndexPart part(ChunkName name, Domain domain) {
    return parts[(int) ((name.first() ^ domain.salt()) >>> (Long.SIZE - PART_BITS))];
  }

  private static long tag(ChunkName name, Domain domain) {
    return name.second() ^ domain.salt();
  }
}
