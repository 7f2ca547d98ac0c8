package io.drover.chunk;

import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * All content that this host can give by name: images in place, checkpoints of guests that left,
 * and a cache; with one index in memory over all of them. Any thread may call. Of indexing,
 * cleaning up and verifying one runs at a time and may take minutes; nothing else waits for it.
 *
 * <p>The index is a hint and files are not trusted: {@link ChunkReader} hashes what it gives.
 */
public final class ChunkStore implements AutoCloseable {
  private final FileChannel lock;
  private final StoreLimits limits;
  private final Disk disk;
  private final Holdings holdings;
  private final Images images;
  private final Shelf checkpoints;
  private final Shelf cached;
  private final ChunkCache cache;
  private final ReentrantLock turn = new ReentrantLock();

  private ChunkStore(FileChannel lock, Path folder, StoreLimits limits, Clock clock, Disk disk) {
    this.lock = lock;
    this.limits = limits;
    this.disk = disk;
    this.holdings = new Holdings(new ChunkIndex(limits.index()));
    this.images = new Images(folder.resolve("images"), disk, holdings, clock);
    this.checkpoints =
        new Shelf(
            SourceKind.CHECKPOINT,
            folder.resolve("checkpoints"),
            limits.checkpoints(),
            disk,
            holdings,
            clock);
    this.cached =
        new Shelf(SourceKind.CACHE, folder.resolve("cache"), limits.cache(), disk, holdings, clock);
    this.cache = new ChunkCache(cached, limits.cache(), holdings);
  }

  /**
   * Opens the store in {@code folder}, which is made if it is not there. Reads catalogues, no
   * content.
   *
   * @throws ProblemException if the folder cannot be used, or another process uses it
   */
  public static ChunkStore open(Path folder, StoreLimits limits, Clock clock) {
    return open(folder, limits, clock, new Disk(() -> {}));
  }

  static ChunkStore open(Path folder, StoreLimits limits, Clock clock, Disk disk) {
    try {
      Disk.createFolder(folder);
      FileChannel lock = lock(folder);
      try {
        ChunkStore store = new ChunkStore(lock, folder, limits, clock, disk);
        store.load();
        return store;
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw Disk.unwritable(folder, e);
    }
  }

  private void load() throws IOException {
    // In the order in which names are kept when the index has not room for all.
    images.load();
    checkpoints.load();
    cached.load();
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve("lock"),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            Disk.PRIVATE_FILE);
    Optional<FileLock> held = Optional.empty();
    try {
      held = Optional.ofNullable(channel.tryLock());
    } catch (OverlappingFileLockException inThisProcess) {
      held = Optional.empty();
    } finally {
      if (held.isEmpty()) {
        channel.close();
      }
    }
    if (held.isEmpty()) {
      throw Problem.full(
              "store-busy",
              "The chunk store in %s is in use".formatted(folder),
              "Only one agent can use it: stop the other one, or choose another folder.")
          .asException();
    }
    return channel;
  }

  /** A reader for the guests of {@code owner}, of chunks of one length. */
  public ChunkReader reader(Owner owner, Grain grain) {
    return new ChunkReader(holdings, owner, grain);
  }

  /**
   * Reads an image that is new or changed and puts its names into the index; the image stays where
   * it is. Of one that changed only the names that changed are replaced.
   *
   * @throws ProblemException if that is not possible; what was known before stays known
   */
  public ImageReport index(Image image) {
    turn.lock();
    try {
      return images.index(image);
    } finally {
      turn.unlock();
    }
  }

  /** Begins to find what is written to a raw image from now on; the caller closes it. */
  public WrittenDisk written(Image image) {
    return images.written(image);
  }

  /** No longer gives away what the image holds; answers whether it was known. */
  public boolean forget(Path image) {
    turn.lock();
    try {
      Optional<Source> known = images.find(image);
      if (known.isPresent()) {
        images.remove(known.get());
      }
      return known.isPresent();
    } catch (IOException e) {
      throw Disk.unwritable(image, e);
    } finally {
      turn.unlock();
    }
  }

  /**
   * Begins a checkpoint of a guest that leaves, unless the store keeps none.
   *
   * @param seen memory to tell pages by that are in it already, 21 to 40 bytes a page; beyond that
   *     equal pages are written twice
   */
  public Optional<CheckpointWriter> checkpoint(GuestName guest, Owner owner, ByteSize seen) {
    try {
      return checkpoints
          .begin(owner, guest.value())
          .map(pack -> new CheckpointWriter(checkpoints, holdings, pack, seen));
    } catch (IOException e) {
      throw Disk.unwritable(checkpoints.folder(), e);
    }
  }

  /** Removes what is kept of a guest's memory; answers whether there was anything. */
  public boolean forget(GuestName guest) {
    try {
      return checkpoints.removeOf(guest.value());
    } catch (IOException e) {
      throw Disk.unwritable(checkpoints.folder(), e);
    }
  }

  /**
   * Keeps a page that came over the network, as far as the cache's bound allows. The caller has
   * made sure that {@code name} is its name.
   *
   * @throws ProblemException if the disk cannot be written; the owner's open segment is lost then
   */
  public void remember(Owner owner, ChunkName name, byte[] bytes, int offset) {
    cache.remember(owner, name, bytes, offset);
  }

  public StoreStatus status() {
    cache.count();
    return new StoreStatus(
        holdings.index().names(),
        holdings.index().memory(),
        checkpoints.taken(),
        cached.taken(),
        limits,
        holdings.bestFirst().stream().map(Source::status).toList(),
        Stream.of(
                images.unusable().stream().map(Unusable::problem).toList(),
                checkpoints.refused(),
                cached.refused())
            .flatMap(List::stream)
            .toList());
  }

  /**
   * Cleans up: forgets images that are no longer there, removes files that were refused, and looks
   * in all catalogues for names that the index has room for.
   */
  public GcReport gc() {
    turn.lock();
    try {
      long before = checkpoints.taken().bytes() + cached.taken().bytes();
      long removed = checkpoints.removeUnusable() + cached.removeUnusable();
      long freed = before - checkpoints.taken().bytes() - cached.taken().bytes();
      for (Unusable each : images.removeUnusable()) {
        removed++;
        freed += each.bytes();
      }
      for (Source image : images.all()) {
        if (Files.notExists(image.file())) {
          removed++;
          freed += image.contents().catalogueBytes();
          images.remove(image);
        }
      }
      return new GcReport(removed, new ByteSize(Math.max(0, freed)), refill());
    } catch (IOException e) {
      throw Disk.unwritable(checkpoints.folder().resolveSibling(""), e);
    } finally {
      turn.unlock();
    }
  }

  /** A name of which one place is lost is found again where else it is. */
  private long refill() throws IOException {
    long before = holdings.index().names();
    for (Source source : holdings.bestFirst()) {
      if (source.contents().catalogueBytes() == 0) {
        continue; // still being written, and in the index as it grows
      }
      try (CatalogueReader names = new CatalogueReader(source.catalogue())) {
        holdings.offerAll(source, names);
      } catch (ProblemException | IOException removedOrDamaged) {
        source.setPartly(); // verify takes care of it
      }
    }
    return Math.max(0, holdings.index().names() - before);
  }

  /** Reads everything again, and drops and reports names that do not hold. */
  public VerifyReport verify() {
    turn.lock();
    try {
      List<VerifyReport.Finding> findings = new ArrayList<>();
      long good = 0;
      for (Source image : images.all()) {
        good += verify(image, findings);
      }
      for (Shelf shelf : List.of(checkpoints, cached)) {
        for (Source pack : shelf.packs()) {
          PackCheck check = new PackCheck(disk, holdings, shelf, pack);
          check.run().ifPresent(findings::add);
          good += check.good();
        }
      }
      return new VerifyReport(good, findings);
    } catch (IOException e) {
      throw Disk.unwritable(checkpoints.folder().resolveSibling(""), e);
    } finally {
      turn.unlock();
    }
  }

  private long verify(Source image, List<VerifyReport.Finding> findings) throws IOException {
    if (Files.notExists(image.file())) {
      findings.add(finding(image, image.contents().names(), "it is no longer there"));
      images.remove(image);
      return 0;
    }
    try {
      ImageReport report = images.reread(image);
      if (report.changed() > 0) {
        findings.add(finding(image, report.changed(), "it changed since it was indexed"));
      }
      return Math.max(0, report.names() - report.changed());
    } catch (IOException e) {
      findings.add(finding(image, 0, String.valueOf(e.getMessage())));
      return 0;
    }
  }

  private static VerifyReport.Finding finding(Source image, long dropped, String reason) {
    return new VerifyReport.Finding(SourceKind.IMAGE, image.about().subject(), dropped, reason);
  }

  /** Ends the open segments of the cache. Readers and writers are closed before. */
  @Override
  public void close() {
    try (lock) {
      cache.seal();
    } catch (IOException e) {
      throw Disk.unwritable(cached.folder(), e);
    }
  }
}
