package io.drover.lab;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;

/** Counts what of a guest's memory is not zero, by reading it out of its QEMU. */
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
