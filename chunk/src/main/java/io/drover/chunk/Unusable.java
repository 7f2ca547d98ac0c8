package io.drover.chunk;

import io.drover.model.Problem;
import java.nio.file.Path;
import java.util.List;

/** Files of the store that were refused; they stay until the store is cleaned up. */
record Unusable(List<Path> files, long bytes, Problem problem) {
  static Unusable of(List<Path> files, Problem problem) {
    return new Unusable(files, files.stream().mapToLong(Disk::size).sum(), problem);
  }
}
