package io.drover.testkit;

/** A hypervisor refused a command in its present state, as QEMU would. */
final class SimCommandFailed extends Exception {
  SimCommandFailed(String message) {
    super(message);
  }
}
