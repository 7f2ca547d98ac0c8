package io.drover.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that the source makes beside a guest's images, each of a name that cannot be guessed: a
 * target that finds one beside its own image of the same path has the same storage. Equal paths, or
 * equal contents, would not show that.
 */
final class StorageProbe implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StorageProbe.class);
  private static final String PREFIX = ".drover-probe-";

  private final RandomGenerator random;
  private final List<Path> files = new ArrayList<>();

  StorageProbe(RandomGenerator random) {
    this.random = random;
  }

  /** The name of a file that is beside the image now, if one can be made. */
  synchronized Optional<String> beside(Path realImage) {
    byte[] word = new byte[16];
    random.nextBytes(word);
    Path file = realImage.resolveSibling(PREFIX + HexFormat.of().formatHex(word));
    try {
      files.add(Files.createFile(file));
      return Optional.of(String.valueOf(file.getFileName()));
    } catch (IOException e) {
      LOG.debug("no probe beside {}", realImage, e);
      return Optional.empty();
    }
  }

  /** Whether this host's image of that path is the very one beside which the probe was made. */
  static boolean finds(Path image, String realPathThere, Optional<String> probe) {
    if (probe.isEmpty() || !probe.get().startsWith(PREFIX) || probe.get().contains("/")) {
      return false;
    }
    try {
      Path real = image.toRealPath();
      return real.getFileName().equals(Path.of(realPathThere).getFileName())
          && Files.exists(real.resolveSibling(probe.get()));
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public synchronized void close() {
    for (Path file : files) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        LOG.warn("the probe {} is left", file, e);
      }
    }
    files.clear();
  }
}
