package io.drover.testkit;

import io.drover.migration.SourceState;

/**
 * What one seed's migration is like, before anything goes wrong.
 *
 * @param convergesAfterPasses after how many passes pre-copy finishes
 * @param switchAfterMillis when post-copy is wanted; negative if it never is
 * @param abandonAfterMillis how long a target bears a silent source
 * @param disks whether a disk moves too
 * @param replay whether the relay keeps what a rebuilt target must be fed
 */
record SimScenario(
    SourceState.GuestBefore before,
    SourceState.StartWith start,
    int convergesAfterPasses,
    long switchAfterMillis,
    long abandonAfterMillis,
    boolean disks,
    boolean replay) {

  static SimScenario choose(Simulation simulation) {
    SourceState.GuestBefore before =
        simulation.chance(85) ? SourceState.GuestBefore.RUNNING : SourceState.GuestBefore.PAUSED;
    long kind = simulation.between(0, 9);
    boolean cold = kind == 0;
    boolean postCopy = kind >= 5;
    return new SimScenario(
        before,
        cold ? SourceState.StartWith.STOPPED_GUEST : SourceState.StartWith.LIVE_GUEST,
        (int) (postCopy ? simulation.between(2, 40) : simulation.between(1, 8)),
        postCopy ? simulation.between(50, 2500) : -1,
        simulation.between(3_000, 60_000),
        simulation.chance(50),
        simulation.chance(75));
  }
}
