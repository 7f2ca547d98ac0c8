package io.drover.chunk;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How the store changes files: one small step at a time, and after each the store could be killed.
 */
final class Disk {
  static final String TEMPORARY = ".tmp";

  static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Runnable afterEachStep;

  /**
   * @param afterEachStep for tests, which look whether the store can be opened as it is now
   */
  Disk(Runnable afterEachStep) {
    this.afterEachStep = afterEachStep;
  }

  static void createFolder(Path folder) throws IOException {
    Files.createDirectories(folder, PRIVATE_FOLDER);
  }

  static Path temporary(Path file) {
    return file.resolveSibling(file.getFileName() + TEMPORARY);
  }

  /** A new file that only its owner may read; what had its name is gone. */
  FileChannel create(Path file) throws IOException {
    delete(file);
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.READ),
            PRIVATE_FILE);
    afterEachStep.run();
    return channel;
  }

  static void write(FileChannel channel, byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /** Reads until the buffer is full or the file ends. */
  static void read(FileChannel channel, ByteBuffer buffer, long position) throws IOException {
    long at = position;
    while (buffer.hasRemaining()) {
      int count = channel.read(buffer, at);
      if (count < 0) {
        return;
      }
      at += count;
    }
  }

  /** Gives a file that was written whole its name; when this returns it has it for good. */
  void publish(FileChannel channel, Path temporary, Path file) throws IOException {
    afterEachStep.run();
    channel.force(true);
    afterEachStep.run();
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    afterEachStep.run();
    force(file.resolveSibling(""));
    afterEachStep.run();
  }

  void delete(Path file) throws IOException {
    if (Files.deleteIfExists(file)) {
      afterEachStep.run();
    }
  }

  /** On Linux a folder can be forced like a file; that makes a name in it durable. */
  private static void force(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  static Stream<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList().stream();
    }
  }

  /** How long a file is; 0 if there is none. */
  static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException gone) {
      return 0;
    }
  }

  static ProblemException unwritable(Path file, IOException e) {
    String reason = String.valueOf(e.getMessage());
    if (reason.contains("No space left") || reason.contains("quota")) {
      return Problem.full(
              "store-disk-full",
              "%s cannot be written: %s".formatted(file, reason),
              "Free space, or give the store's checkpoints and cache smaller bounds.")
          .asException(e);
    }
    return Problem.host(
            "store-unwritable",
            "%s cannot be written: %s".formatted(file, e),
            "Check that the store's folder is there and may be written.")
        .asException(e);
  }
}
