package io.drover.model;

import java.util.Locale;

/** How a disk's image is laid out. */
public enum DiskFormat {
  RAW,
  QCOW2;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static DiskFormat parse(String word) {
    for (DiskFormat format : values()) {
      if (format.word().equals(word)) {
        return format;
      }
    }
    throw Problem.usage(
            "bad-disk-format",
            "'%s' is not a disk format that Drover knows".formatted(word),
            "Write raw or qcow2; 'qemu-img convert' makes one of most others.")
        .asException();
  }
}
