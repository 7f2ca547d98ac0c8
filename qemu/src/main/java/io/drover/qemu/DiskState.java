package io.drover.qemu;

import io.drover.model.DiskFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A guest's disk as its QEMU sees it.
 *
 * @param bytes its size as the guest sees it
 * @param allocatedBytes what its image, and what that is based on, take of the file system
 * @param base what its image is based on, if it is based on anything
 */
public record DiskState(long bytes, long allocatedBytes, Optional<Base> base) {
  /**
   * All layers below the topmost one.
   *
   * @param files from the upper to the lower
   * @param format of the uppermost; none where Drover does not know it
   * @param bytes the size of the uppermost, as those above see it
   * @param allocatedBytes what all of them take of the file system
   */
  public record Base(
      List<Path> files, Optional<DiskFormat> format, long bytes, long allocatedBytes) {
    public Base {
      files = List.copyOf(files);
    }
  }
}
