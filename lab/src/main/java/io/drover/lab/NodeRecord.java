package io.drover.lab;

/**
 * One set of namespaces, as the lab remembers it.
 *
 * @param index counts the hosts; -1 for client and fabric
 * @param holder the {@code unshare} that made the namespaces and with which they end
 * @param init their PID 1, as the machine sees it
 * @param networkNamespace its inode number, by which leftovers are recognised
 */
record NodeRecord(
    String name,
    Role role,
    int index,
    ProcessIdentity holder,
    ProcessIdentity init,
    long networkNamespace) {

  enum Role {
    HOST,
    CLIENT,
    /** The switch between them. */
    FABRIC
  }
}
