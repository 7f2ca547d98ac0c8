package io.drover.testkit;

/**
 * What lies between the hosts: two paths (control, channels), each up or down, or standing still.
 */
final class SimNetwork {
  private final Simulation simulation;
  private long controlDownUntil;
  private long channelsDownUntil;
  private long controlFrozenUntil;
  private long channelsFrozenUntil;

  SimNetwork(Simulation simulation) {
    this.simulation = simulation;
  }

  boolean controlUp() {
    return simulation.nowMillis() >= controlDownUntil;
  }

  boolean channelsUp() {
    return simulation.nowMillis() >= channelsDownUntil;
  }

  /** How long what is on its way now still stands still. */
  long controlFrozenMillis() {
    return Math.max(0, controlFrozenUntil - simulation.nowMillis());
  }

  long channelsFrozenMillis() {
    return Math.max(0, channelsFrozenUntil - simulation.nowMillis());
  }

  void cutControl(long millis) {
    controlDownUntil = Math.max(controlDownUntil, simulation.nowMillis() + millis);
  }

  void cutChannels(long millis) {
    channelsDownUntil = Math.max(channelsDownUntil, simulation.nowMillis() + millis);
  }

  void freezeControl(long millis) {
    controlFrozenUntil = Math.max(controlFrozenUntil, simulation.nowMillis() + millis);
  }

  void freezeChannels(long millis) {
    channelsFrozenUntil = Math.max(channelsFrozenUntil, simulation.nowMillis() + millis);
  }

  void heal() {
    controlDownUntil = 0;
    channelsDownUntil = 0;
    controlFrozenUntil = 0;
    channelsFrozenUntil = 0;
  }
}
