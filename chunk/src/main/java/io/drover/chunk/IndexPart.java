package io.drover.chunk;

import java.util.concurrent.locks.StampedLock;

/**
 * One part of the index: open addressing with linear probing in one array, sixteen bytes a slot.
 * Readers take no lock unless a writer is at work.
 */
final class IndexPart {
  /** More than this many slots do not fit into an array. */
  static final int MAX_SLOTS = 1 << 29;

  static final int MIN_SLOTS = 16;

  private final StampedLock lock = new StampedLock();
  private final int maxSlots;
  // tag, place, tag, place, …; a place of NOWHERE is an empty slot.
  private long[] slots = new long[2 * MIN_SLOTS];
  private int count;

  IndexPart(long maxSlots) {
    this.maxSlots = Math.clamp(maxSlots, MIN_SLOTS, MAX_SLOTS);
  }

  long find(long tag) {
    long stamp = lock.tryOptimisticRead();
    if (stamp != 0) {
      long place = place(slots, tag);
      if (lock.validate(stamp)) {
        return place;
      }
    }
    stamp = lock.readLock();
    try {
      return place(slots, tag);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  ChunkIndex.Offer offer(long tag, long place) {
    long stamp = lock.writeLock();
    try {
      int slot = slot(slots, tag);
      if (slots[2 * slot + 1] != ChunkIndex.NOWHERE) {
        return ChunkIndex.Offer.KNOWN;
      }
      if (isTooFull(count + 1, capacity())) {
        int larger = Math.min(maxSlots, capacity() + capacity() / 2);
        if (isTooFull(count + 1, larger)) {
          return ChunkIndex.Offer.FULL;
        }
        resize(larger);
        slot = slot(slots, tag);
      }
      slots[2 * slot] = tag;
      slots[2 * slot + 1] = place;
      count++;
      return ChunkIndex.Offer.ADDED;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  void remove(long tag, long place) {
    long stamp = lock.writeLock();
    try {
      int slot = slot(slots, tag);
      if (slots[2 * slot + 1] == place) {
        close(slot);
        count--;
        shrink();
      }
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  long forget(int source) {
    long stamp = lock.writeLock();
    try {
      int before = count;
      for (int slot = 0; slot < capacity(); slot++) {
        if (Place.source(slots[2 * slot + 1]) == source) {
          slots[2 * slot + 1] = ChunkIndex.NOWHERE;
          count--;
        }
      }
      if (count < before) {
        resize(fitting());
      }
      return (long) before - count;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  long size() {
    long stamp = lock.readLock();
    try {
      return count;
    } finally {
      lock.unlockRead(stamp);
    }
  }

  long bytes() {
    long stamp = lock.readLock();
    try {
      return (long) slots.length * Long.BYTES;
    } finally {
      lock.unlockRead(stamp);
    }
  }

  // An optimistic reader may see anything, so this ends whatever it sees.
  private static long place(long[] slots, long tag) {
    int capacity = slots.length / 2;
    int slot = home(tag, capacity);
    for (int probes = 0; probes < capacity; probes++) {
      long place = slots[2 * slot + 1];
      if (place == ChunkIndex.NOWHERE || slots[2 * slot] == tag) {
        return place;
      }
      slot = next(slot, capacity);
    }
    return ChunkIndex.NOWHERE;
  }

  /** The slot that holds {@code tag}, or the empty one where it belongs. */
  private static int slot(long[] slots, long tag) {
    int capacity = slots.length / 2;
    int slot = home(tag, capacity);
    while (slots[2 * slot + 1] != ChunkIndex.NOWHERE && slots[2 * slot] != tag) {
      slot = next(slot, capacity);
    }
    return slot;
  }

  /** Empties a slot and moves up what only stands behind it because it was taken. */
  private void close(int slot) {
    int capacity = capacity();
    int hole = slot;
    int other = next(hole, capacity);
    while (slots[2 * other + 1] != ChunkIndex.NOWHERE) {
      int home = home(slots[2 * other], capacity);
      if (distance(home, other, capacity) >= distance(hole, other, capacity)) {
        slots[2 * hole] = slots[2 * other];
        slots[2 * hole + 1] = slots[2 * other + 1];
        hole = other;
      }
      other = next(other, capacity);
    }
    slots[2 * hole + 1] = ChunkIndex.NOWHERE;
  }

  private void shrink() {
    if (count < capacity() * 2L / 5) {
      int smaller = fitting();
      if (smaller < capacity()) {
        resize(smaller);
      }
    }
  }

  /** So many slots that six in ten are taken: neither the next offer nor removal resizes again. */
  private int fitting() {
    return Math.clamp(count * 5L / 3 + 1, MIN_SLOTS, maxSlots);
  }

  private void resize(int capacity) {
    long[] old = slots;
    long[] fresh = new long[2 * capacity];
    for (int i = 0; i < old.length; i += 2) {
      if (old[i + 1] != ChunkIndex.NOWHERE) {
        int slot = slot(fresh, old[i]);
        fresh[2 * slot] = old[i];
        fresh[2 * slot + 1] = old[i + 1];
      }
    }
    slots = fresh;
  }

  private int capacity() {
    return slots.length / 2;
  }

  /** Tags are evenly spread, so their upper bits choose; any number of slots will do. */
  private static int home(long tag, int capacity) {
    return (int) Math.unsignedMultiplyHigh(tag, capacity);
  }

  private static int next(int slot, int capacity) {
    return slot + 1 == capacity ? 0 : slot + 1;
  }

  private static int distance(int from, int to, int capacity) {
    return to >= from ? to - from : to - from + capacity;
  }

  private static boolean isTooFull(int count, int capacity) {
    return count > capacity * 3L / 4;
  }
}
