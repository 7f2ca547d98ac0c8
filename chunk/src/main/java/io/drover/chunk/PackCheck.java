package io.drover.chunk;

import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.Optional;

/** Reads a pack again and drops the names that do not hold. */
final class PackCheck {
  private final Disk disk;
  private final Holdings holdings;
  private final Shelf shelf;
  private final Source pack;
  // By their order in the catalogue.
  private final BitSet bad = new BitSet();
  private long good;

  PackCheck(Disk disk, Holdings holdings, Shelf shelf, Source pack) {
    this.disk = disk;
    this.holdings = holdings;
    this.shelf = shelf;
    this.pack = pack;
  }

  long good() {
    return good;
  }

  /** What is wrong with the pack, if anything. One that went meanwhile has nothing wrong. */
  Optional<VerifyReport.Finding> run() throws IOException {
    try {
      check();
    } catch (ProblemException | IOException e) {
      if (pack.isGone()) {
        return Optional.empty();
      }
      shelf.remove(pack);
      return Optional.of(finding(pack.contents().names(), String.valueOf(e.getMessage())));
    }
    if (bad.isEmpty()) {
      return Optional.empty();
    }
    if (good == 0) {
      shelf.remove(pack);
    } else {
      leaveOutBad();
    }
    return Optional.of(
        finding(bad.cardinality(), "%d of its chunks are damaged".formatted(bad.cardinality())));
  }

  private void check() throws IOException {
    Grain grain = pack.about().grain();
    ChunkNamer namer = new ChunkNamer(grain);
    byte[] bytes = new byte[grain.bytes()];
    try (CatalogueReader names = new CatalogueReader(pack.catalogue());
        FileChannel chunks = FileChannel.open(pack.file(), StandardOpenOption.READ)) {
      for (int i = 0; names.next(); i++) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        Disk.read(chunks, buffer, names.block() * grain.bytes());
        if (!buffer.hasRemaining() && namer.name(bytes, 0).equals(names.name())) {
          good++;
        } else {
          holdings.remove(pack, names.name(), names.block());
          bad.set(i);
        }
      }
    }
  }

  private void leaveOutBad() throws IOException {
    try (CatalogueReader names = new CatalogueReader(pack.catalogue());
        CatalogueWriter fewer = new CatalogueWriter(disk, pack.catalogue(), pack.about())) {
      for (int i = 0; names.next(); i++) {
        if (!bad.get(i)) {
          fewer.add(names.block(), names.name());
        }
      }
      shelf.recatalogue(pack, fewer);
    }
  }

  private VerifyReport.Finding finding(long dropped, String reason) {
    return new VerifyReport.Finding(pack.about().kind(), pack.about().subject(), dropped, reason);
  }
}
