package io.drover.qemu;

import io.drover.model.MemoryBudget;
import java.util.ArrayList;
import java.util.List;

/** Bytes in the order in which they came, in blocks, as long as there is memory for another. */
final class KeptBytes {
  static final int BLOCK_BYTES = 64 << 10;

  private final MemoryBudget.Share memory;
  private final List<byte[]> blocks = new ArrayList<>();
  private int size;

  KeptBytes(MemoryBudget.Share memory) {
    this.memory = memory;
  }

  int size() {
    return size;
  }

  /** False if there is no memory for them; what is kept then is not all that came. */
  boolean add(byte[] bytes, int offset, int length) {
    int at = offset;
    while (at < offset + length) {
      int filled = size % BLOCK_BYTES;
      if (filled == 0 && !grow()) {
        return false;
      }
      int count = Math.min(BLOCK_BYTES - filled, offset + length - at);
      System.arraycopy(bytes, at, blocks.getLast(), filled, count);
      size += count;
      at += count;
    }
    return true;
  }

  private boolean grow() {
    if (!memory.tryTake(BLOCK_BYTES)) {
      return false;
    }
    blocks.add(new byte[BLOCK_BYTES]);
    return true;
  }

  /** All of them, in one piece. */
  byte[] copy() {
    byte[] all = new byte[size];
    for (int i = 0; i < blocks.size(); i++) {
      int at = i * BLOCK_BYTES;
      System.arraycopy(blocks.get(i), 0, all, at, Math.min(BLOCK_BYTES, size - at));
    }
    return all;
  }

  void forget() {
    memory.give((long) blocks.size() * BLOCK_BYTES);
    blocks.clear();
    size = 0;
  }
}
