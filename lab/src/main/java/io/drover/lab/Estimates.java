package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Limit;
import io.drover.model.ByteRate;

/**
 * How long things take about, on two processors without KVM; a faster machine is faster. {@link
 * Forecast} corrects it by what was measured.
 */
final class Estimates {
  /** Namespaces, links and two agents. */
  private static final double LAB_SECONDS = 8;

  private static final double BOOT_SECONDS = 4;

  /** Pings before and after, and what goes by between order and copying. */
  private static final double AROUND_A_MOVE = 3.5;

  /** What the system of a lab's guest itself has in memory. */
  private static final double SYSTEM_MEGABYTES = 110;

  private static final double FILL_MEGABYTES_PER_SECOND = 130;

  /** Of that, what is left when it is packed. */
  private static final double PACKED = 0.4;

  /** A small guest there and back before anything is measured, and pauses of the hosts. */
  private static final double REHEARSAL_SECONDS = 25;

  /** Pseudo-random images, written to the disk, and read when somebody compares them. */
  private static final double IMAGE_MEGABYTES_PER_SECOND = 150;

  /** What emulated guests, the relay and TLS get done together. */
  private static final double MACHINE_MEGABYTES_PER_SECOND = 230;

  private Estimates() {}

  static double bootSeconds(Case one) {
    return LAB_SECONDS + BOOT_SECONDS + one.workload().mebibytes() / FILL_MEGABYTES_PER_SECOND;
  }

  static double moveSeconds(Case one, Contender contender) {
    double pass = passSeconds(one);
    return AROUND_A_MOVE + sweepSeconds(one.workload()) + pass * passes(one, contender);
  }

  /** Half of the guests that are tried do not converge. */
  static double limitSeconds(Limit limit) {
    double seconds = 0;
    int tried = limit.largest() / 2;
    for (; tried >= limit.step(); tried /= 2) {
      Case one = limit.guest(tried);
      double pass = passSeconds(one);
      seconds += bootSeconds(one) + AROUND_A_MOVE + pass * 4 + 3;
    }
    return seconds;
  }

  /** A whole guest, once, with the lab that is made for it. */
  static double relocationSeconds(LikeDisk disk, LinkShape shape, Carrier carrier) {
    double all = disk.bytes() / 1e6;
    double different = disk.differingBytes() / 1e6;
    double images = all / IMAGE_MEGABYTES_PER_SECOND;
    double around = LAB_SECONDS + BOOT_SECONDS + AROUND_A_MOVE + 2 * images;
    return around
        + switch (carrier) {
          case AGENTS ->
              REHEARSAL_SECONDS
                  + images
                  + linkSeconds(different + SYSTEM_MEGABYTES * PACKED, shape);
          // It reads all of the disk twice.
          case RSYNC -> 3 * images + linkSeconds(different + SYSTEM_MEGABYTES * PACKED, shape);
          case MIRROR, SCP -> linkSeconds(all + SYSTEM_MEGABYTES, shape);
        };
  }

  private static double passSeconds(Case one) {
    return linkSeconds(one.workload().mebibytes() * 1.05 + SYSTEM_MEGABYTES, one.shape());
  }

  private static double linkSeconds(double megabytes, LinkShape shape) {
    double rate = shape.rate().map(ByteRate::bytesPerSecond).orElse(Long.MAX_VALUE) / 1e6;
    return megabytes / Math.min(rate, MACHINE_MEGABYTES_PER_SECOND);
  }

  private static double passes(Case one, Contender contender) {
    boolean dirties =
        !(one.workload() instanceof Workload.Idle || one.workload() instanceof Workload.Touched);
    return switch (contender.modeIn(one)) {
      case AUTO, POSTCOPY, COLD -> 1;
      case HYBRID -> dirties ? 2 : 1;
      case PRECOPY -> dirties ? 6 : 1;
    };
  }

  /** A load that checks itself is waited for until it has seen all of its memory again. */
  private static double sweepSeconds(Workload workload) {
    return workload instanceof Workload.Verified load
        ? 2.0
            * load.mebibytes()
            / Math.max(1, load.megabytesPerSecond() == 0 ? 300 : load.megabytesPerSecond())
        : 0;
  }
}
