package io.drover.agent;

import io.drover.model.ByteSize;
import io.drover.model.MemoryBudget;
import io.drover.model.MigrationOptions;
import java.util.List;
import java.util.stream.IntStream;

/** What a move has where others leave nothing above. */
final class LeastMemory {
  private LeastMemory() {}

  static MoveMemory ofSource(int disks) {
    return of(MoveMemory.Needs.ofSource(MigrationOptions.defaults(), disks));
  }

  static MoveMemory ofTarget(int disks) {
    return of(
        MoveMemory.Needs.ofTarget(
            MigrationOptions.defaults(), IntStream.range(0, disks).boxed().toList(), List.of()));
  }

  static MemoryBudget.Share of(long bytes) {
    return new MemoryBudget(new ByteSize(bytes)).carryOn(bytes);
  }

  private static MoveMemory of(MoveMemory.Needs needs) {
    return new MoveMemory(of(needs.bytes()), needs);
  }
}
