package io.drover.agent;

import io.drover.chunk.CheckpointWriter;
import io.drover.chunk.ChunkStore;
import io.drover.chunk.Grain;
import io.drover.chunk.Image;
import io.drover.chunk.SourceKind;
import io.drover.chunk.Visibility;
import io.drover.chunk.WrittenDisk;
import io.drover.model.ByteSize;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this host holds by content, as migrations use it. A store that cannot be used costs that use
 * and nothing else: guests move as if there were none.
 */
final class Contents implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Contents.class);

  /** Of a disk this much is left to others: 1 over it. */
  private static final long LEFT_TO_OTHERS = 20;

  private static final long INDEX_IN_HEAP = 4;

  private final StoreConfiguration configuration;
  private final Optional<ChunkStore> store;
  private final Optional<Problem> problem;
  private final Map<GuestName, Map<Integer, Arrived>> disks = new HashMap<>();

  private record Arrived(String path, Owner owner, WrittenDisk names) {}

  private Contents(
      StoreConfiguration configuration, Optional<ChunkStore> store, Optional<Problem> problem) {
    this.configuration = configuration;
    this.store = store;
    this.problem = problem;
  }

  /**
   * Opens the store.
   *
   * @param heapBytes that the agent may have, of which the index may take a quarter
   */
  static Contents open(StoreConfiguration configuration, Clock clock, long heapBytes) {
    ByteSize index = configuration.limits().index();
    try {
      if (index.bytes() > heapBytes / INDEX_IN_HEAP) {
        throw Problem.usage(
                "store-index-too-large",
                "The store's index may take %s, and the agent has %s of memory in all"
                    .formatted(index, new ByteSize(heapBytes)),
                "Set DROVER_AGENT_HEAP to %d times the index at least, or give 'store.index' less."
                    .formatted(INDEX_IN_HEAP))
            .asException();
      }
      return new Contents(
          configuration,
          Optional.of(ChunkStore.open(configuration.directory(), configuration.limits(), clock)),
          Optional.empty());
    } catch (ProblemException e) {
      LOG.error("nothing is held by content: {}", e.problem());
      return new Contents(configuration, Optional.empty(), Optional.of(e.problem()));
    }
  }

  /** Why nothing is held here, if that is so. */
  Optional<Problem> problem() {
    return problem;
  }

  Path directory() {
    return configuration.directory();
  }

  boolean areUsable() {
    return store.isPresent();
  }

  /** The store, for who asks for it by name. */
  ChunkStore store() {
    return store.orElseThrow(() -> problem.orElseThrow().asException());
  }

  /** The images that people have indexed for guests of {@code owner}, or for everybody. */
  List<Path> imagesFor(Owner owner) {
    return store.stream()
        .flatMap(open -> open.status().sources().stream())
        .filter(source -> source.kind() == SourceKind.IMAGE)
        .filter(source -> source.visibility() == Visibility.PUBLIC || source.owner().equals(owner))
        .map(source -> Path.of(source.subject()))
        .toList();
  }

  /** What is here for an arriving guest of {@code owner}; the caller closes it. */
  HeldChunks heldFor(String migration, Owner owner) {
    ChunkStore open = store();
    PageQueue cache =
        new PageQueue(
            "cache-" + migration,
            (name, bytes, offset) -> open.remember(owner, name, bytes, offset));
    return new HeldChunks(open.reader(owner, Grain.PAGE), Optional.of(cache));
  }

  /** The same for its disks: what comes of them is in their images, and not kept twice. */
  HeldChunks heldForDisks(Owner owner) {
    return new HeldChunks(store().reader(owner, Grain.PAGE), Optional.empty());
  }

  /**
   * Lets what is written to a disk that arrives be found by its guest's memory and by others of its
   * owner, until the guest goes; empty where that is not possible.
   */
  synchronized Optional<WrittenDisk> arriving(GuestDefinition guest, int disk) {
    GuestDisk description = guest.disks().get(disk);
    if (store.isEmpty() || description.format() != DiskFormat.RAW) {
      return Optional.empty();
    }
    try {
      Map<Integer, Arrived> ofGuest = disks.computeIfAbsent(guest.name(), _ -> new HashMap<>());
      Arrived before = ofGuest.get(disk);
      if (before != null
          && before.path().equals(description.path())
          && before.owner().equals(owner(guest))) {
        return Optional.of(before.names());
      }
      if (before != null) {
        before.names().close();
      }
      WrittenDisk names =
          store()
              .written(
                  new Image(
                      Path.of(description.path()), owner(guest), Visibility.OWNER, Grain.PAGE));
      ofGuest.put(disk, new Arrived(description.path(), owner(guest), names));
      return Optional.of(names);
    } catch (ProblemException e) {
      LOG.warn("guest={} its disk {} is not found by content: {}", guest.name(), disk, e.problem());
      return Optional.empty();
    }
  }

  /** The guest's disks are not here any more. */
  synchronized void disksGone(GuestName guest) {
    Optional.ofNullable(disks.remove(guest))
        .ifPresent(all -> all.values().forEach(arrived -> arrived.names().close()));
  }

  /** Begins to keep the memory of a guest that leaves, where there is room for it. */
  Optional<Checkpoint> checkpoint(GuestDefinition guest) {
    if (store.isEmpty() || configuration.limits().checkpoints().bytes() == 0) {
      return Optional.empty();
    }
    try {
      FileStore disk = Files.getFileStore(configuration.directory());
      long spare = disk.getUsableSpace() - disk.getTotalSpace() / LEFT_TO_OTHERS;
      if (spare < guest.memory().bytes()) {
        LOG.warn(
            "guest={} leaves no checkpoint: {} is too full for its memory",
            guest.name(),
            configuration.directory());
        return Optional.empty();
      }
      return store
          .get()
          .checkpoint(guest.name(), owner(guest))
          .map((CheckpointWriter writer) -> new Checkpoint(guest.name(), writer));
    } catch (IOException | ProblemException e) {
      LOG.warn("guest={} leaves no checkpoint: {}", guest.name(), e.getMessage());
      return Optional.empty();
    }
  }

  static Owner owner(GuestDefinition guest) {
    return guest.owner().orElse(Owner.NOBODY);
  }

  /** A guest is no more: nobody may read its memory any longer. */
  void forget(GuestName guest) {
    disksGone(guest);
    store.ifPresent(
        open -> {
          try {
            if (open.forget(guest)) {
              LOG.info("guest={} its checkpoint is removed", guest);
            }
          } catch (ProblemException e) {
            LOG.warn("guest={} its checkpoint cannot be removed: {}", guest, e.problem());
          }
        });
  }

  @Override
  public void close() {
    store.ifPresent(
        open -> {
          try {
            open.close();
          } catch (ProblemException e) {
            LOG.warn("the store could not be closed in order: {}", e.problem());
          }
        });
  }
}
