package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.Chain;
import io.drover.model.Dedup;
import io.drover.model.DiskFormat;
import io.drover.model.MemoryBudget;
import io.drover.model.MigrationOptions;
import io.drover.model.Mode;
import io.drover.model.Problem;
import io.drover.model.Storage;
import io.drover.model.Transport;
import io.drover.wire.PeerMessage;
import io.drover.wire.Purpose;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AgentMemoryTest {
  private static final MigrationOptions DEFAULTS = MigrationOptions.defaults();
  private static final MigrationOptions PLAIN =
      new MigrationOptions(
          Mode.AUTO,
          Transport.TUNNEL,
          Optional.empty(),
          MigrationOptions.DEFAULT_MAX_DOWNTIME,
          0,
          Dedup.OFF);

  private static final MigrationOptions KEEPING =
      new MigrationOptions(
          Mode.AUTO,
          Transport.TUNNEL,
          Optional.empty(),
          MigrationOptions.DEFAULT_MAX_DOWNTIME,
          0,
          Dedup.AUTO,
          Storage.AUTO,
          Chain.KEEP);

  private static final int DISK = Purpose.Channel.FIRST_DISK;
  private static final int BASE = Purpose.Channel.FIRST_BASE;
  private static final Duration NO_TIME = Duration.ZERO;

  /** What the launcher gives an agent, with the index that it has if nobody says. */
  private static AgentMemory usual() {
    return new AgentMemory(384L << 20, ByteSize.ofMebibytes(64));
  }

  private static MoveMemory.Needs source(int disks) {
    return MoveMemory.Needs.ofSource(DEFAULTS, disks);
  }

  private static MoveMemory.Needs target(int disks) {
    return MoveMemory.Needs.ofTarget(
        DEFAULTS, IntStream.range(0, disks).boxed().toList(), List.of());
  }

  private static int admitted(AgentMemory memory, MoveMemory.Needs... each) {
    int count = 0;
    while (true) {
      for (MoveMemory.Needs needs : each) {
        if (!memory.hasRoomFor(needs) || memory.admit(needs).isEmpty()) {
          return count;
        }
      }
      count++;
    }
  }

  @Test
  void theHeapThatAgentsHaveIsGoodForAsManyMovesAsTheDocumentsSay() {
    assertThat(usual().forMoves()).isEqualTo(ByteSize.ofMebibytes(160));
    assertThat(IntStream.of(0, 1, 2, 4, 8).map(disks -> admitted(usual(), source(disks))))
        .containsExactly(23, 16, 12, 8, 5);
    assertThat(IntStream.of(0, 1, 2, 4, 8).map(disks -> admitted(usual(), target(disks))))
        .containsExactly(39, 21, 14, 8, 4);
    assertThat(
            IntStream.of(0, 1, 2, 4, 8)
                .map(disks -> admitted(usual(), source(disks), target(disks))))
        .containsExactly(14, 9, 6, 4, 2);
    assertThat(admitted(usual(), MoveMemory.Needs.ofSource(PLAIN, 4))).isEqualTo(18);
    assertThat(admitted(new AgentMemory(1L << 30, ByteSize.ofMebibytes(64)), source(3)))
        .isGreaterThanOrEqualTo(16);
  }

  @Test
  void whoIsRefusedIsToldWithHowMuchItWouldFit() {
    AgentMemory memory = usual();
    int _ = admitted(memory, source(2));
    Problem problem = memory.refusal("This host's", source(2));
    assertThat(problem.kind()).isEqualTo(Problem.Kind.FULL);
    assertThat(problem.message())
        .startsWith("This host's agent has 160.0 MiB of memory for moves, ")
        .endsWith("this one needs 12.4 MiB");
    assertThat(problem.remedy()).contains("DROVER_AGENT_HEAP=448m");
    assertThat(admitted(new AgentMemory(448L << 20, ByteSize.ofMebibytes(64)), source(2)))
        .isGreaterThan(12);
  }

  @Test
  void anIndexThatIsNotOpenedTakesNothing() {
    assertThat(new AgentMemory(256L << 20, ByteSize.ofMebibytes(512)).forMoves())
        .isEqualTo(ByteSize.ofMebibytes(96));
  }

  @Test
  void aMoveHasItsPartsAndGivesAllOfThemBack() {
    MoveMemory.Needs needs = source(3);
    MemoryBudget budget = new MemoryBudget(new ByteSize(needs.bytes()));
    MoveMemory move = new MoveMemory(budget.admit(needs.bytes(), NO_TIME).orElseThrow(), needs);
    assertThat(move.pages().tryTake(500_000)).isTrue();
    assertThat(move.replay().tryTake(1 << 20)).isTrue();
    assertThat(move.disk(DISK).changes().tryTake(1 << 20)).isTrue();
    assertThat(move.disk(DISK + 2).blocks().tryTake(500_000)).isTrue();
    assertThatThrownBy(() -> move.disk(DISK + 3)).isInstanceOf(IllegalStateException.class);
    List<MemoryBudget.Share> kept = new ArrayList<>();
    move.kept().ifPresent(kept::add);
    assertThat(move.kept()).as("it has one user").isEmpty();
    move.close();
    move.close(); // its guest needs it no more, and then it is over
    // A disk that hangs has it for as long as it hangs.
    assertThat(kept.getFirst().tryTake(Checkpoint.leastMemory())).isTrue();
    assertThat(budget.inUse().bytes()).isEqualTo(Checkpoint.leastMemory());
    kept.getFirst().close();
    assertThat(budget.inUse().bytes()).isZero();
  }

  @Test
  void disksThatNeedNotMoveTakeNothing() {
    AgentMemory memory = usual();
    MoveMemory.Needs needs = source(8);
    for (int move = 0; move < 16; move++) {
      new MoveMemory(memory.admit(needs).orElseThrow(), needs).decided(List.of(), List.of());
    }
    MoveMemory.Needs one = source(2);
    MoveMemory second = new MoveMemory(memory.admit(one).orElseThrow(), one);
    second.decided(List.of(1), List.of());
    assertThat(second.disk(DISK + 1).changes().tryTake(1 << 20)).isTrue();
    assertThat(second.disk(DISK).changes().tryTake(1)).isFalse();
  }

  private static PeerMessage.DiskLayers layers(int disk, PeerMessage.BaseUse use, String base) {
    return new PeerMessage.DiskLayers(
        disk, use, Optional.of(new PeerMessage.BaseFile(base, DiskFormat.RAW)), "");
  }

  @Test
  void aBaseThatIsCopiedHasWhatADiskHas() {
    assertThat(MoveMemory.Needs.ofSource(KEEPING, 2).bytes()).isEqualTo(source(4).bytes());
    List<PeerMessage.DiskLayers> layers =
        List.of(
            layers(0, PeerMessage.BaseUse.ON_COPY, "/copy"),
            layers(1, PeerMessage.BaseUse.ON_COPY, "/copy"),
            layers(2, PeerMessage.BaseUse.ON_BASE, "/base"));
    MoveMemory.Needs needs = MoveMemory.Needs.ofTarget(KEEPING, List.of(0, 1, 2), layers);
    assertThat(needs.bytes()).as("disks on one base share it").isEqualTo(target(4).bytes());
    MoveMemory atTarget = new MoveMemory(LeastMemory.of(needs.bytes()), needs);
    assertThat(atTarget.disk(BASE).changes().tryTake(1 << 20)).isTrue();
    assertThatThrownBy(() -> atTarget.disk(BASE + 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void basesThatNeedNotBeCopiedTakeNothing() {
    MoveMemory.Needs needs = MoveMemory.Needs.ofSource(KEEPING, 3);
    MemoryBudget budget = new MemoryBudget(new ByteSize(needs.bytes()));
    MoveMemory move = new MoveMemory(budget.admit(needs.bytes(), NO_TIME).orElseThrow(), needs);
    move.decided(
        List.of(1, 2),
        List.of(
            layers(1, PeerMessage.BaseUse.ON_BASE, "/base"),
            layers(2, PeerMessage.BaseUse.ON_COPY, "/copy")));
    // One disk and two bases are left out.
    assertThat(budget.inUse().bytes()).isEqualTo(source(3).bytes());
    assertThat(move.disk(BASE + 2).changes().tryTake(1 << 20)).isTrue();
    move.close();
    assertThat(budget.inUse().bytes()).isZero();
  }
}
