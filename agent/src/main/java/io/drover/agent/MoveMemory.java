package io.drover.agent;

import io.drover.chunk.Grain;
import io.drover.chunk.exchange.ContentReceiver;
import io.drover.chunk.exchange.ContentSender;
import io.drover.model.Chain;
import io.drover.model.MemoryBudget;
import io.drover.model.MigrationOptions;
import io.drover.qemu.nbd.NbdServer;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.DiskLayers;
import io.drover.wire.Purpose;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What one end of a move has of the agent's memory, from before it begins until nothing of it is
 * left. Some of it is buffers that are always there; the rest are shares for what is on its way,
 * each as large as it has to be for that to go on by itself, however little others leave: the parts
 * of a move wait for one another, and none must wait for memory that another one has.
 *
 * <p>docs/operating.md has the numbers in a table.
 */
final class MoveMemory implements AutoCloseable {
  private static final long KIBIBYTE = 1 << 10;

  /** Both relays of a move, the control connection, and what is known of it. */
  private static final long MOVE = 1536 * KIBIBYTE;

  private static final long PARALLEL_CHANNEL = 320 * KIBIBYTE;
  private static final long DISK = 384 * KIBIBYTE;

  /** Messages being made, sent or read. */
  private static final long SENDING_BY_CONTENT = 768 * KIBIBYTE;

  /** The same, and the names and literal bytes of all that is announced. */
  private static final long RECEIVING_BY_CONTENT = 1536 * KIBIBYTE;

  /** Enough for a link that is not far; where it is, there is hardly one move alone. */
  private static final int BATCHES = 4;

  /** A piece of a mirror's, and what the guest itself writes beside it. */
  private static final long CHANGES = NbdServer.PIECE_BYTES + 128 * KIBIBYTE;

  /** Several times what devices are known to take. */
  private static final long REPLAY = 1024 * KIBIBYTE;

  /** Which end of a move. */
  private enum Side {
    SOURCE,
    TARGET
  }

  /** How much a move needs, of what parts. */
  static final class Needs {
    private final Side side;
    private final MigrationOptions options;
    private final List<Integer> channels;

    private Needs(Side side, MigrationOptions options, List<Integer> channels) {
      this.side = side;
      this.options = options;
      this.channels = channels;
    }

    /** Which of the disks move, and with which bases, is not known before the target has looked. */
    static Needs ofSource(MigrationOptions options, int disks) {
      IntStream ofBases =
          IntStream.range(0, options.chain() == Chain.KEEP ? disks : 0)
              .map(disk -> Purpose.Channel.FIRST_BASE + disk);
      IntStream ofDisks = IntStream.range(0, disks).map(disk -> Purpose.Channel.FIRST_DISK + disk);
      return new Needs(Side.SOURCE, options, IntStream.concat(ofDisks, ofBases).boxed().toList());
    }

    static Needs ofTarget(MigrationOptions options, List<Integer> moving, List<DiskLayers> layers) {
      return new Needs(Side.TARGET, options, channels(moving, layers));
    }

    /** Those of the disks, and of each base that is copied. */
    private static List<Integer> channels(List<Integer> moving, List<DiskLayers> layers) {
      Set<Optional<PeerMessage.BaseFile>> copied = new HashSet<>();
      return Stream.concat(
              moving.stream().map(disk -> Purpose.Channel.FIRST_DISK + disk),
              layers.stream()
                  .filter(
                      each -> each.use() == PeerMessage.BaseUse.ON_COPY && copied.add(each.base()))
                  .map(each -> Purpose.Channel.FIRST_BASE + each.disk()))
          .toList();
    }

    long bytes() {
      return fixed()
          + pages()
          + replay()
          + kept()
          + channels.size() * (disk() + changes() + blocks());
    }

    private long fixed() {
      return MOVE
          + options.parallelChannels() * PARALLEL_CHANNEL
          + (options.mayUseContent() ? exchange() : 0);
    }

    private long exchange() {
      return switch (side) {
        case SOURCE -> SENDING_BY_CONTENT;
        case TARGET -> RECEIVING_BY_CONTENT;
      };
    }

    private long batches() {
      return BATCHES
          * switch (side) {
            case SOURCE -> ContentSender.batchBytes(Grain.PAGE);
            case TARGET -> ContentReceiver.batchBytes(Grain.PAGE);
          };
    }

    private long pages() {
      return options.mayUseContent() ? batches() : 0;
    }

    private long replay() {
      return side == Side.SOURCE ? REPLAY : 0;
    }

    private long kept() {
      return !options.mayUseContent()
          ? 0
          : switch (side) {
            case SOURCE -> Checkpoint.leastMemory();
            case TARGET -> PageQueue.leastMemory();
          };
    }

    private long disk() {
      return DISK + (options.mayUseContentForDisks() ? exchange() : 0);
    }

    private long changes() {
      return CHANGES;
    }

    private long blocks() {
      return options.mayUseContentForDisks() ? batches() : 0;
    }
  }

  /**
   * What a disk that moves has, and a base that is copied ahead of it.
   *
   * @param changes what is to be written to it and is not yet
   * @param blocks what is on its way by content
   */
  record Disk(MemoryBudget.Share fixed, MemoryBudget.Share changes, MemoryBudget.Share blocks) {
    private void close() {
      List.of(fixed, changes, blocks).forEach(MemoryBudget.Share::close);
    }
  }

  private final MemoryBudget.Share fixed;
  private final MemoryBudget.Share pages;
  private final MemoryBudget.Share replay;
  // By the numbers of their channels.
  private final Map<Integer, Disk> disks = new TreeMap<>();
  private Optional<MemoryBudget.Share> kept;

  /** Divides what was given for these needs. */
  MoveMemory(MemoryBudget.Share whole, Needs needs) {
    fixed = whole;
    pages = whole.part(needs.pages());
    replay = whole.part(needs.replay());
    kept = Optional.of(whole.part(needs.kept()));
    for (int channel : needs.channels) {
      disks.put(
          channel,
          new Disk(
              whole.part(needs.disk()), whole.part(needs.changes()), whole.part(needs.blocks())));
    }
  }

  /** For what is on its way by content in the main channel. */
  MemoryBudget.Share pages() {
    return pages;
  }

  /** For what is kept of the switch. */
  MemoryBudget.Share replay() {
    return replay;
  }

  /**
   * For what goes to this host's store meanwhile. Whoever gets it, once, closes it when the disk
   * lets it, however long after the move that is.
   */
  synchronized Optional<MemoryBudget.Share> kept() {
    Optional<MemoryBudget.Share> once = kept;
    kept = Optional.empty();
    return once;
  }

  /** For the disk, or the base, that has this channel. */
  synchronized Disk disk(int channel) {
    Disk found = disks.get(channel);
    if (found == null) {
      throw new IllegalStateException(
          "there is no memory for channel %s".formatted(ChannelNames.ofDisk(channel)));
    }
    return found;
  }

  /** These disks move, with these bases, and no others: what was there for them is free. */
  synchronized void decided(List<Integer> moving, List<DiskLayers> layers) {
    List<Integer> channels = Needs.channels(moving, layers);
    disks.forEach(
        (channel, memory) -> {
          if (!channels.contains(channel)) {
            memory.close();
          }
        });
  }

  @Override
  public synchronized void close() {
    disks.values().forEach(Disk::close);
    kept().ifPresent(MemoryBudget.Share::close);
    replay.close();
    pages.close();
    fixed.close();
  }
}
