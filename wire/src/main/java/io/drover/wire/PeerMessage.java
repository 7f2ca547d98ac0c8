package io.drover.wire;

import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.MigrationOptions;
import io.drover.model.Problem;
import io.drover.model.Version;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the two agents of one migration say on its control connection, after the hello. */
public sealed interface PeerMessage {

  // ---- from the source ----

  /**
   * Asks the target to check, and unless {@code dryRun} to make ready, for this guest.
   *
   * @param generation 0 at first; above when a target that died unrun is rebuilt
   */
  record Prepare(
      GuestDefinition guest,
      MigrationOptions options,
      boolean postCopy,
      boolean urgentChannel,
      Version hypervisorVersion,
      String accelerator,
      List<FileDigest> files,
      List<DiskImage> images,
      int generation,
      boolean dryRun)
      implements PeerMessage {
    public Prepare {
      files = List.copyOf(files);
      images = List.copyOf(images);
    }
  }

  /**
   * The image of one of the guest's disks, as it is at the source; in the order of the disks.
   *
   * @param size what the guest sees, in bytes
   * @param allocatedBytes what it takes of the file system
   * @param realPath the image's path without symbolic links
   * @param probe the name of a file that the source made beside the image for this question: a
   *     target that finds it there shares the storage; none where the source could not make one
   * @param base what the image is based on, if it is based on anything
   */
  record DiskImage(
      long size,
      long allocatedBytes,
      String realPath,
      Optional<String> probe,
      Optional<BaseImage> base) {
    public DiskImage {
      if (size < 0 || allocatedBytes < 0) {
        throw new IllegalArgumentException("an image of negative size");
      }
    }
  }

  /**
   * All that is below a disk's topmost layer, taken for one disk.
   *
   * @param name the file's name at the source, which proves nothing
   * @param size what is to be seen of it, in bytes
   * @param allocatedBytes what it takes of the file system
   * @param digest of what is to be seen of it, as docs/protocol.md has it; none where the source
   *     has not read it
   */
  record BaseImage(String name, long size, long allocatedBytes, Optional<String> digest) {
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    public BaseImage {
      if (size < 0 || allocatedBytes < 0) {
        throw new IllegalArgumentException("a base of negative size");
      }
      // Both become part of a file's name at the target.
      if (name.isEmpty() || name.contains("/") || name.indexOf(0) >= 0) {
        throw new IllegalArgumentException("'%s' is no name of a file".formatted(name));
      }
      if (digest.filter(digits -> !DIGEST.matcher(digits).matches()).isPresent()) {
        throw new IllegalArgumentException("'%s' is no digest".formatted(digest.get()));
      }
    }
  }

  /** A file that must be on the target with the same content, such as the guest's kernel. */
  record FileDigest(String path, String sha256) {}

  /** Asks the target to listen for the channels of this attempt; 0 is the first. */
  record Listen(int attempt) implements PeerMessage {}

  /**
   * Asks the target to let the channels of the disks in; {@code attempt} counts from 1 and is
   * raised whenever they broke.
   */
  record OpenDisks(int attempt) implements PeerMessage {}

  /**
   * The source has given the guest up for good: it was received whole, or its device state left in
   * post-copy. From here on the guest belongs to the target.
   *
   * @param run false for a guest that was paused when it left
   */
  record Commit(boolean run) implements PeerMessage {}

  /** The source takes the guest back; never sent after {@link Commit}. */
  record Abort(String reason) implements PeerMessage {}

  /** The source's hypervisor has sent everything and had it acknowledged. */
  record Finished() implements PeerMessage {}

  /**
   * After {@link Commit}: the source's hypervisor died before everything was sent, so the guest's
   * memory is incomplete at the target for good.
   */
  record SourceLost(String reason) implements PeerMessage {}

  /** Opens a control connection that replaces a broken one; answered by {@link TargetStatus}. */
  record Attach() implements PeerMessage {}

  /** Sent every second; a peer that does not answer is taken for cut off. */
  record Heartbeat(long sequence) implements PeerMessage {}

  // ---- both ways ----

  /**
   * What keeps the guest reachable: of the source before {@link Prepare} and before {@link Commit},
   * of the target before {@link Prepared}. What is in it is the business of those who keep it so; a
   * migration takes its course without it too.
   */
  record Continuity(Blob content) implements PeerMessage {}

  // ---- from the target ----

  /**
   * Checks passed; a hypervisor waits (unless it was a dry run).
   *
   * @param disks those that have to move, because the target does not share them
   * @param layers of each of these that is based on something: what the target makes of that
   */
  record Prepared(
      Version hypervisorVersion,
      boolean postCopy,
      List<Integer> disks,
      List<DiskLayers> layers,
      List<Problem> warnings)
      implements PeerMessage {
    public Prepared {
      disks = List.copyOf(disks);
      layers = List.copyOf(layers);
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * How the target lays out a disk that is based on something at the source.
   *
   * @param disk its place among the guest's disks
   * @param base what it is based on at the target; none where it is flattened
   * @param reason why it is flattened, or empty
   */
  record DiskLayers(int disk, BaseUse use, Optional<BaseFile> base, String reason) {
    public DiskLayers {
      if (base.isEmpty() != use.flattens()) {
        throw new IllegalArgumentException("%s with base %s".formatted(use, base));
      }
    }
  }

  /** What becomes of a base. */
  enum BaseUse {
    /** The disk has it all and is based on nothing. */
    FLATTENED,
    /**
     * The same, but only because the source has not told what the base holds; the target may have
     * it.
     */
    UNREAD,
    /** The disk is based on an image that is at the target. */
    ON_BASE,
    /** The disk is based on an image that the source has to copy first. */
    ON_COPY;

    public boolean flattens() {
      return this == FLATTENED || this == UNREAD;
    }
  }

  /** An image at the target that others are based on. */
  record BaseFile(String path, DiskFormat format) {}

  /** Checks failed, or making ready did; nothing is left at the target. */
  record Refused(List<Problem> problems) implements PeerMessage {
    public Refused {
      problems = List.copyOf(problems);
    }
  }

  /**
   * The target listens.
   *
   * @param tickets one for each channel of this attempt, main first
   * @param nativePort the hypervisor's own port, where the tunnel is not used
   * @param content whether the main channel carries a content exchange
   */
  record Listening(
      int attempt, List<Ticket> tickets, Optional<Integer> nativePort, ContentUse content)
      implements PeerMessage {
    public Listening {
      tickets = List.copyOf(tickets);
    }
  }

  /** What a channel carries; part of {@link Listening} and {@link DisksOpen}. */
  enum ContentUse {
    /** Its bytes as they are. */
    NONE,
    /** A content exchange. */
    NAMES,
    /** One in which chunks may be compressed. */
    NAMES_AND_ZSTD
  }

  /**
   * The disks' channels may come.
   *
   * @param tickets one for each disk that moves, in the order of {@link Prepared}; then one for
   *     each base that is to be copied, in the order of the first disks that are based on it
   * @param content whether each of them carries a content exchange
   */
  record DisksOpen(int attempt, List<Ticket> tickets, ContentUse content) implements PeerMessage {
    public DisksOpen {
      tickets = List.copyOf(tickets);
    }
  }

  /** The guest runs at the target. */
  record Running() implements PeerMessage {}

  /** All memory is there and the target has let go of the migration's channels. */
  record Received() implements PeerMessage {}

  /** Post-copy lost its channels at the target; a {@link Listen} brings it back. */
  record Paused(String reason) implements PeerMessage {}

  /**
   * The target's hypervisor is gone.
   *
   * @param mayHaveRun whether the guest may have run there, even for an instant
   */
  record Gone(boolean mayHaveRun, String reason) implements PeerMessage {}

  /** The answer to {@link Abort}: nothing is left at the target, and the guest never ran there. */
  record Aborted() implements PeerMessage {}

  /** The guest switched itself off at the target. */
  record PoweredOff() implements PeerMessage {}

  /** Where the target stands, for a source that lost the thread. */
  record TargetStatus(TargetStage stage, boolean mayHaveRun) implements PeerMessage {}

  /** How far a target has come; part of {@link TargetStatus}. */
  enum TargetStage {
    /** It knows nothing of this migration, or has cleaned it up. */
    UNKNOWN,
    RECEIVING,
    /** Loaded, not run: it waits for the source's word. */
    LOADED,
    /** Told to run. */
    RUNNING,
    POSTCOPY_PAUSED,
    RECEIVED,
    GONE
  }

  record HeartbeatReply(long sequence) implements PeerMessage {}
}
