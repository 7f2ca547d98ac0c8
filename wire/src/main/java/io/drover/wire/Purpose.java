package io.drover.wire;

import io.drover.model.MigrationId;

/** What a connection is for. */
public sealed interface Purpose {
  /** {@link PeerMessage}s about one migration, both ways. */
  record Control(MigrationId migration) implements Purpose {}

  /**
   * One stream of a migration. The ticket was handed out on that migration's control connection, is
   * good for one connection only, and binds migration, attempt and channel together.
   *
   * @param channel 0 is the main channel, which must come first; the others in order
   */
  record Channel(MigrationId migration, int attempt, int channel, Ticket ticket)
      implements Purpose {
    /** Disk n's channel is this plus n; those below are the hypervisor's. */
    public static final int FIRST_DISK = 0x100;

    /** The channel of a base is this plus the first disk that is based on it. */
    public static final int FIRST_BASE = 0x200;

    /** Whether it carries a disk, or a disk's base. */
    public boolean isDisk() {
      return channel >= FIRST_DISK;
    }
  }

  /** Throw-away bytes by which the caller measures the link; ended by the caller. */
  record Probe() implements Purpose {}

  /** Packets of guests that moved between the two hosts, both ways. */
  record Redirect() implements Purpose {}

  /** Which guests the called host has, and by what names; told until the caller ends it. */
  record Names() implements Purpose {}
}
