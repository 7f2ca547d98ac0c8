package io.drover.agent;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** SHA-256 of the few files that guests boot from, remembered until a file changes. */
final class FileDigests {
  private final Map<Path, Known> known = new ConcurrentHashMap<>();

  private record Known(long size, FileTime modified, Object file, String digest) {}

  /** Empty when there is no such readable file. */
  Optional<String> of(Path path) {
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      Object key = String.valueOf(now.fileKey());
      Known before = known.get(path);
      if (before != null
          && before.size() == now.size()
          && before.modified().equals(now.lastModifiedTime())
          && before.file().equals(key)) {
        return Optional.of(before.digest());
      }
      String digest = digest(path);
      known.put(path, new Known(now.size(), now.lastModifiedTime(), key, digest));
      return Optional.of(digest);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String digest(Path path) throws IOException {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(path)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        sha256.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }
}
