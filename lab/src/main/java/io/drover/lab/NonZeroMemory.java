package io.drover.lab;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;

/** Looks at a guest's memory in its QEMU: what of it is not zero, and what of it is there. */
final class NonZeroMemory {
  private static final int PAGE = 4096;
  private static final byte[] ZEROS = new byte[PAGE];

  private NonZeroMemory() {}

  /** Bytes in pages that hold anything; nothing when the memory cannot be found. */
  static OptionalLong bytes(ProcessIdentity qemu, long memoryBytes) {
    try {
      OptionalLong start = OptionalLong.empty();
      long smallest = Long.MAX_VALUE;
      for (String line : Files.readAllLines(Path.of("/proc/" + qemu.pid() + "/maps"))) {
        String[] fields = line.split("\\s+", 6);
        String[] range = fields[0].split("-", 2);
        long from = Long.parseUnsignedLong(range[0], 16);
        long size = Long.parseUnsignedLong(range[1], 16) - from;
        if (fields[1].startsWith("rw-p") && size >= memoryBytes && size < smallest) {
          smallest = size;
          start = OptionalLong.of(from);
        }
      }
      return start.isPresent()
          ? OptionalLong.of(count(qemu, start.getAsLong(), memoryBytes))
          : OptionalLong.empty();
    } catch (IOException gone) {
      return OptionalLong.empty();
    }
  }

  /** Bytes of the guest's memory that the machine has given it so far; 0 if it cannot be found. */
  static long residentBytes(ProcessIdentity qemu, long memoryBytes) {
    long resident = 0;
    long smallest = Long.MAX_VALUE;
    boolean inside = false;
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + qemu.pid() + "/smaps"))) {
        String[] fields = line.split("\\s+", 6);
        if (fields[0].endsWith(":")) {
          if (inside && fields[0].equals("Rss:")) {
            resident = Long.parseLong(fields[1]) * 1024;
          }
          continue;
        }
        String[] range = fields[0].split("-", 2);
        long size = Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16);
        inside = fields[1].startsWith("rw-p") && size >= memoryBytes && size < smallest;
        smallest = inside ? size : smallest;
      }
      return resident;
    } catch (IOException gone) {
      return 0;
    }
  }

  private static long count(ProcessIdentity qemu, long start, long length) throws IOException {
    long bytes = 0;
    byte[] buffer = new byte[1 << 20];
    try (RandomAccessFile memory = new RandomAccessFile("/proc/" + qemu.pid() + "/mem", "r")) {
      for (long at = 0; at < length; at += buffer.length) {
        memory.seek(start + at);
        memory.readFully(buffer, 0, (int) Math.min(buffer.length, length - at));
        for (int page = 0; page < Math.min(buffer.length, length - at); page += PAGE) {
          if (!Arrays.equals(buffer, page, page + PAGE, ZEROS, 0, PAGE)) {
            bytes += PAGE;
          }
        }
      }
    }
    return bytes;
  }
}
