package io.drover.model;

import java.util.Locale;

/** What a guest does on one host. */
public enum GuestState {
  RUNNING,
  PAUSED,
  /** Here, but receiving: it has not run on this host yet. */
  ARRIVING,
  /** It belongs here and waits, now or soon, for memory that is still at another host. */
  WAITING,
  /** Its process is gone. */
  STOPPED,
  /** Its process does not answer; Drover does not touch it. */
  UNCLEAR;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
