package io.drover.lab;

/**
 * One set of namespaces, as the lab remembers it.
 *
 * @param machine what it was made from
 * @param index its place in the topology; -1 for the fabric
 * @param holder the {@code unshare} that made the namespaces and with which they end
 * @param init their PID 1, as the machine sees it
 * @param networkNamespace its inode number, by which leftovers are recognised
 */
record NodeRecord(
    Machine machine,
    int index,
    ProcessIdentity holder,
    ProcessIdentity init,
    long networkNamespace) {

  String name() {
    return machine.name();
  }

  Machine.Role role() {
    return machine.role();
  }

  String address() {
    return machine.address();
  }
}
