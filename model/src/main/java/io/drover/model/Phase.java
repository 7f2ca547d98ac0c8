package io.drover.model;

import java.util.Locale;

/** Where a migration is, as people and programs see it. */
public enum Phase {
  PREPARE,
  /** Disks are copied ahead of the memory. */
  DISKS,
  COPY,
  SWITCHOVER,
  POSTCOPY,
  /** Post-copy lost its link; Drover reconnects by itself. */
  PAUSED,
  RECOVER,
  FINISH,
  ENDED;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
