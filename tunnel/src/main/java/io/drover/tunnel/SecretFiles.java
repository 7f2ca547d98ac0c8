package io.drover.tunnel;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Writes a file whole or not at all, with its final mode from the first byte on. */
final class SecretFiles {
  static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");
  static final Set<PosixFilePermission> PUBLIC = PosixFilePermissions.fromString("rw-r--r--");

  /** What happens to a file that is there already. */
  enum Existing {
    KEEP,
    REPLACE
  }

  private SecretFiles() {}

  static void refuseExisting(Path file, Existing existing) {
    if (existing == Existing.KEEP && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(file).asException();
    }
  }

  private static Problem exists(Path file) {
    return Problem.usage(
        "file-exists",
        "%s exists already".formatted(file),
        "Move it away, or say that it may be replaced (--force).");
  }

  static void write(Path file, String text, Set<PosixFilePermission> mode, Existing existing) {
    refuseExisting(file, existing);
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalStateException("no parent of " + file);
    }
    try {
      Files.createDirectories(parent);
      // createTempFile makes it 0600 whatever the umask.
      Path draft = Files.createTempFile(parent, ".draft-", ".tmp");
      try {
        try (FileChannel out = FileChannel.open(draft, StandardOpenOption.WRITE)) {
          var bytes = StandardCharsets.US_ASCII.encode(text);
          while (bytes.hasRemaining()) {
            out.write(bytes);
          }
          out.force(true);
        }
        Files.setPosixFilePermissions(draft, mode);
        if (existing == Existing.KEEP) {
          Files.createLink(file, draft); // unlike a move, fails if another writer came first
          Files.delete(draft);
        } else {
          Files.move(
              draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
      } finally {
        Files.deleteIfExists(draft);
      }
    } catch (FileAlreadyExistsException e) {
      throw exists(file).asException(e);
    } catch (IOException e) {
      throw Problem.host(
              "cannot-write",
              "%s cannot be written: %s".formatted(file, e),
              "Check the folder's owner and the free space.")
          .asException(e);
    }
  }
}
