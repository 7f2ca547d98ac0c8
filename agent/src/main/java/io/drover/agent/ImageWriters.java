package io.drover.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Who has an image open to write to it, as the kernel tells of QEMU's locks. QEMU itself refuses to
 * base a guest on such an image, and to write to one that a guest is based on; it does so when the
 * guest is about to move.
 */
final class ImageWriters {
  private static final Path LOCKS = Path.of("/proc/locks");

  /** The byte of a file that QEMU locks while it may write (block/file-posix.c). */
  private static final long WRITER_BYTE = 101;

  private static final int FIELDS = 8;

  private ImageWriters() {}

  /** Whether some QEMU of this host may write to it now. */
  static boolean haveOpen(Path image) {
    try {
      Object inode = Files.getAttribute(image, "unix:ino");
      return lock(Files.readAllLines(LOCKS, StandardCharsets.ISO_8859_1), String.valueOf(inode));
    } catch (IOException e) {
      // Where the kernel does not tell, QEMU does.
      return false;
    }
  }

  /**
   * Devices are left out: some file systems give their files others than the kernel knows them by.
   */
  static boolean lock(List<String> locks, String inode) {
    for (String line : locks) {
      String[] fields = line.strip().split("\\s+", -1);
      // Programs lock whole files with flock for ends of their own; QEMU never does.
      if (fields.length == FIELDS
          && !fields[1].equals("FLOCK")
          && fields[5].endsWith(":" + inode)
          && Long.parseLong(fields[6]) <= WRITER_BYTE
          && (fields[7].equals("EOF") || Long.parseLong(fields[7]) >= WRITER_BYTE)) {
        return true;
      }
    }
    return false;
  }
}
