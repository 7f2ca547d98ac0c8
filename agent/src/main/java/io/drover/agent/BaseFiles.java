package io.drover.agent;

import io.drover.model.DiskFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of an image that others may be based on.
 *
 * @param files from the upper to the lower, where it is itself based on others
 * @param format of the uppermost
 */
record BaseFiles(List<Path> files, DiskFormat format) {
  BaseFiles {
    files = List.copyOf(files);
    if (files.isEmpty()) {
      throw new IllegalArgumentException("an image without a file");
    }
  }

  Path uppermost() {
    return files.getFirst();
  }

  List<FileStamp> stamps() throws IOException {
    List<FileStamp> stamps = new ArrayList<>();
    for (Path file : files) {
      stamps.add(FileStamp.of(file));
    }
    return stamps;
  }
}
