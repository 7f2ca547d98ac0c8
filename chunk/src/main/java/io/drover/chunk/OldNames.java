package io.drover.chunk;

import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** A catalogue's names, in step with the image that is read again; without a catalogue, none. */
final class OldNames implements AutoCloseable {
  private final Optional<CatalogueReader> catalogue;
  private boolean more;

  private OldNames(Optional<CatalogueReader> catalogue) throws IOException {
    this.catalogue = catalogue;
    this.more = advance();
  }

  static OldNames of(Optional<Source> source) throws IOException {
    if (source.isEmpty()) {
      return new OldNames(Optional.empty());
    }
    try {
      return new OldNames(Optional.of(new CatalogueReader(source.get().catalogue())));
    } catch (ProblemException | NoSuchFileException lost) {
      return new OldNames(Optional.empty());
    }
  }

  /** Whether there is no catalogue, or none that can be trusted. */
  boolean isLost() {
    return catalogue.isEmpty();
  }

  /** The name that {@code block} had. Blocks are asked for in order, and none is left out. */
  Optional<ChunkName> take(long block) throws IOException {
    if (!more || catalogue.isEmpty() || catalogue.get().block() != block) {
      return Optional.empty();
    }
    ChunkName name = catalogue.get().name();
    more = advance();
    return Optional.of(name);
  }

  /** The next block that was not asked for, or {@link Place#MAX_BLOCK}. */
  long rest() {
    return more && catalogue.isPresent() ? catalogue.get().block() : Place.MAX_BLOCK;
  }

  private boolean advance() throws IOException {
    return catalogue.isPresent() && catalogue.get().next();
  }

  @Override
  public void close() throws IOException {
    if (catalogue.isPresent()) {
      catalogue.get().close();
    }
  }
}
