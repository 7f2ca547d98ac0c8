package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * A disk that was made from a base image and differs from it in a part of its blocks. Both are
 * pseudo-random, so nobody makes less of them by compression.
 *
 * <p>What differs lies in runs: a guest that was installed from an image, and lived on, differs
 * from it by files. Single blocks would flatter whoever names blocks of 4 KiB, as Drover does, and
 * cost rsync, whose blocks are larger, several times as much.
 *
 * @param number disks of different numbers have nothing in common
 */
record LikeDisk(int number, int mebibytes, int differingPercent) {
  private static final int RUN_BYTES = 64 << 10;

  /** Whose content is meant. */
  private enum Version {
    BASE,
    COPY
  }

  long bytes() {
    return (long) mebibytes << 20;
  }

  /** Of the copy, those that are not in the base. */
  long differingBytes() {
    return runs() * differingPercent / 100 * RUN_BYTES;
  }

  private long runs() {
    return bytes() / RUN_BYTES;
  }

  /** The image that the disk was made from. */
  void writeBase(Path image) {
    write(image, Version.BASE);
  }

  /** The disk itself. */
  void writeCopy(Path image) {
    write(image, Version.COPY);
  }

  private void write(Path image, Version version) {
    try (FileChannel out =
        FileChannel.open(
            image,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      for (long run = 0; run < runs(); run++) {
        ByteBuffer left = ByteBuffer.wrap(content(run, version));
        while (left.hasRemaining()) {
          int _ = out.write(left);
        }
      }
      // Else the kernel would write it out while somebody measures.
      out.force(false);
    } catch (IOException failure) {
      throw Problem.host(
              "no-disk-image",
              "The image %s of %d MiB cannot be written (%s)"
                  .formatted(image, mebibytes, failure.getMessage()),
              "Make room in the folder of labs, %s.".formatted(LabRecord.ROOT))
          .asException(failure);
    }
  }

  /** Where an image is not what the disk is, if anywhere. */
  OptionalLong firstDifference(Path image) {
    try (InputStream in = Files.newInputStream(image)) {
      for (long run = 0; run < runs(); run++) {
        int at = Arrays.mismatch(in.readNBytes(RUN_BYTES), content(run, Version.COPY));
        if (at >= 0) {
          return OptionalLong.of(run * RUN_BYTES + at);
        }
      }
      return in.read() < 0 ? OptionalLong.empty() : OptionalLong.of(bytes());
    } catch (IOException failure) {
      throw Problem.migration(
              "disk-image-unreadable",
              "The image %s cannot be read (%s)".formatted(image, failure.getMessage()),
              "See whether it arrived.")
          .asException(failure);
    }
  }

  private byte[] content(long run, Version version) {
    int generation = version == Version.COPY && differs(run) ? 1 : 0;
    byte[] bytes = new byte[RUN_BYTES];
    new SplittableRandom(((long) number << 40) + 2 * run + generation).nextBytes(bytes);
    return bytes;
  }

  /** Evenly spread, and as many as there have to be. */
  private boolean differs(long run) {
    return (run + 1) * differingPercent / 100 > run * differingPercent / 100;
  }
}
