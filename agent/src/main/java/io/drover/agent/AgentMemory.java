package io.drover.agent;

import io.drover.model.ByteSize;
import io.drover.model.MemoryBudget;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.Optional;

/**
 * How much of the agent's heap is for moves, in both directions together: half of what the store's
 * index leaves. The other half is the collector's, and everything else's that an agent does. A move
 * that does not fit is refused before it begins; {@link MoveMemory} says how much one needs.
 */
final class AgentMemory {
  private static final long INDEX_IN_HEAP = 4;
  private static final long MOVES_IN_REST = 2;

  /** What others have above their own drains in moments, unless their link is cut. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final MemoryBudget budget;
  private final long indexBytes;

  /**
   * Nothing moves yet.
   *
   * @param heapBytes that the agent may have
   * @param index of the store; one that is larger than fits is not opened
   */
  AgentMemory(long heapBytes, ByteSize index) {
    indexBytes = Math.min(index.bytes(), heapBytes / INDEX_IN_HEAP);
    budget = new MemoryBudget(new ByteSize((heapBytes - indexBytes) / MOVES_IN_REST));
  }

  /** What the heap has to be at least for an index of that size. */
  static ByteSize leastHeap(ByteSize index) {
    return new ByteSize(index.bytes() * INDEX_IN_HEAP);
  }

  ByteSize forMoves() {
    return budget.size();
  }

  Optional<MemoryBudget.Share> admit(MoveMemory.Needs needs) {
    return budget.admit(needs.bytes(), PATIENCE);
  }

  MemoryBudget.Share carryOn(MoveMemory.Needs needs) {
    return budget.carryOn(needs.bytes());
  }

  boolean hasRoomFor(MoveMemory.Needs needs) {
    return budget.hasRoomFor(needs.bytes());
  }

  /** Why another move does not fit, and the heap with which it would. */
  Problem refusal(String whose, MoveMemory.Needs needs) {
    ByteSize inUse = budget.inUse();
    long wanted = MOVES_IN_REST * (inUse.bytes() + needs.bytes()) + indexBytes;
    return Problem.full(
        "agent-memory",
        "%s agent has %s of memory for moves, %s of it in use, and this one needs %s"
            .formatted(whose, budget.size(), inUse, new ByteSize(needs.bytes())),
        "Wait for another one to end, or start that agent with DROVER_AGENT_HEAP=%dm."
            .formatted(Math.ceilDiv(wanted, 64L << 20) * 64));
  }
}
