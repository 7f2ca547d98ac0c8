package io.drover.model;

import java.util.Locale;

/** What becomes, in a move, of the image that a disk's image is based on. */
public enum Chain {
  /** {@link #REBASE} where the target holds the same base, else {@link #FLATTEN}. */
  AUTO,
  /** The disk is based on an image that the target holds; where it holds none, it does not move. */
  REBASE,
  /** The same, and the base is copied, as an image of its own, where the target holds none. */
  KEEP,
  /** The disk's image at the target has everything and is based on nothing. */
  FLATTEN;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Chain parse(String word) {
    for (Chain chain : values()) {
      if (chain.word().equals(word)) {
        return chain;
      }
    }
    throw Problem.usage(
            "bad-storage-chain",
            "'%s' is nothing that can become of a disk's base".formatted(word),
            "Choose auto, rebase, keep or flatten.")
        .asException();
  }
}
