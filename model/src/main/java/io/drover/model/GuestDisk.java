package io.drover.model;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A guest's disk: an image that has the same path on whatever host the guest runs.
 *
 * @param path of the image; what a qcow2 image is based on, its own header says
 * @param serial what the guest reads as the disk's serial number
 */
public record GuestDisk(String path, DiskFormat format, Optional<String> serial) {
  private static final int MAX_PATH_CHARACTERS = 1024;
  // What virtio carries, without a comma or '=', which have a meaning to QEMU.
  private static final Pattern SERIAL = Pattern.compile("[A-Za-z0-9_.-]{1,20}");

  public GuestDisk {
    if (!path.startsWith("/")
        || path.length() > MAX_PATH_CHARACTERS
        || path.chars().anyMatch(character -> character < ' ')) {
      throw Problem.usage(
              "bad-disk-path",
              "The disk's path is '%s'".formatted(path),
              "Give an absolute path of at most %d characters.".formatted(MAX_PATH_CHARACTERS))
          .asException();
    }
    serial
        .filter(text -> !SERIAL.matcher(text).matches())
        .ifPresent(
            text -> {
              throw Problem.usage(
                      "bad-disk-serial",
                      "'%s' is not a disk's serial number".formatted(text),
                      "Use at most 20 letters, digits, '.', '_' and '-'.")
                  .asException();
            });
  }
}
