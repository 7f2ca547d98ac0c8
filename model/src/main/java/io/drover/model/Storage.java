package io.drover.model;

import java.util.Locale;

/** What becomes of a guest's disks in a move. */
public enum Storage {
  /** Those that the target does not share move with the guest; their images here go afterwards. */
  AUTO,
  /** All of them have to move; a shared one is a reason to refuse. */
  MOVE,
  /** As {@link #AUTO}, but the images here are kept aside. */
  KEEP;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Storage parse(String word) {
    for (Storage storage : values()) {
      if (storage.word().equals(word)) {
        return storage;
      }
    }
    throw Problem.usage(
            "bad-storage",
            "'%s' is nothing that can be done with disks".formatted(word),
            "Choose auto, move or keep.")
        .asException();
  }
}
