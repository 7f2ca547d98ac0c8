package io.drover.testkit;

/** What has happened that decides which end is the right one. */
final class SimHistory {
  boolean poweredOff;
  boolean switchLeft;
  boolean hypervisorKilledAtSource;
  boolean hypervisorKilledAtTarget;
  boolean sourceHostLost;
  boolean targetHostLost;
  boolean targetForgot;
  boolean personDecided;
}
