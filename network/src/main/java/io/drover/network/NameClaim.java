package io.drover.network;

import io.drover.model.HostName;

/**
 * That a guest is on a host, with these names.
 *
 * @param standing whether that host was heard of lately
 */
record NameClaim(HostName host, GuestNames names, Standing standing) {
  /** What its host's silence makes of a claim; the better one first. */
  enum Standing {
    HEARD,
    /** Its guest may have been started elsewhere meanwhile, which nobody could tell that host. */
    SILENT
  }

  /**
   * Of two about the same guest the one that holds: a late word of an earlier move loses, whichever
   * comes first. All hosts decide alike.
   */
  static NameClaim better(NameClaim one, NameClaim other) {
    int order = one.standing().compareTo(other.standing());
    if (order == 0) {
      order = Long.compare(other.names().sequence(), one.names().sequence());
    }
    if (order == 0) {
      order = one.host().compareTo(other.host());
    }
    return order <= 0 ? one : other;
  }
}
