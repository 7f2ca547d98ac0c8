package io.drover.chunk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * By what a file is taken for unchanged. The time of the last change of the inode is left out: it
 * moves whenever a hypervisor gives its image to another user.
 *
 * @param modifiedNanos since 1970
 */
record FileIdentity(long size, long inode, long modifiedNanos) {
  static FileIdentity of(Path file) throws IOException {
    Map<String, Object> attributes = Files.readAttributes(file, "unix:size,ino,lastModifiedTime");
    return new FileIdentity(
        (Long) Objects.requireNonNull(attributes.get("size")),
        (Long) Objects.requireNonNull(attributes.get("ino")),
        ((FileTime) Objects.requireNonNull(attributes.get("lastModifiedTime")))
            .to(TimeUnit.NANOSECONDS));
  }
}
