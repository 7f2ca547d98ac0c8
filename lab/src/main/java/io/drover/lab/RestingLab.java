package io.drover.lab;

import java.time.Duration;

/** A lab whose hosts have done what they do at their start: an agent warms its ciphers up. */
final class RestingLab {
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration BUSY = Duration.ofMillis(50);
  private static final int MOST_LOOKS = 60;

  private RestingLab() {}

  /** The lab as soon as its hosts idle; after half a minute also if they do not. */
  static Lab of(Lab lab) {
    try {
      boolean rests = false;
      for (int look = 0; look < MOST_LOOKS && !rests; look++) {
        ProcessorTime time = new ProcessorTime(lab);
        Thread.sleep(LOOK);
        time.look();
        rests =
            lab.record().hosts().stream()
                .allMatch(host -> time.spent(host.name()).compareTo(BUSY) <= 0);
      }
      return lab;
    } catch (InterruptedException interruption) {
      lab.close();
      throw Programs.interrupted(interruption);
    }
  }
}
