package io.drover.lab;

import io.drover.model.ByteRate;
import io.drover.model.Problem;
import java.util.Optional;

/**
 * How the migration link of every host behaves, in each direction.
 *
 * @param rate none means as fast as the machine goes
 * @param delayMillis one way
 * @param lossPercent of frames, independent of each other
 * @param reorderPercent of frames that overtake the delay
 */
record LinkShape(
    Optional<ByteRate> rate, int delayMillis, double lossPercent, double reorderPercent) {
  static final LinkShape UNSHAPED = new LinkShape(Optional.empty(), 0, 0, 0);

  LinkShape {
    require(delayMillis >= 0 && delayMillis <= 10_000, "delay of %d ms".formatted(delayMillis));
    require(lossPercent >= 0 && lossPercent <= 100, "loss of %s %%".formatted(lossPercent));
    require(
        reorderPercent >= 0 && reorderPercent <= 100, "reorder of %s %%".formatted(reorderPercent));
    require(
        rate.isEmpty() || rate.get().bytesPerSecond() >= 10_000,
        "rate of %s".formatted(rate.map(ByteRate::toString).orElse("")));
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw Problem.usage(
              "bad-link-shape",
              "A " + what + " is out of range",
              "Delay 0 to 10000 ms, loss and reorder 0 to 100 percent, rate from 80kbit.")
          .asException();
    }
  }

  static LinkShape ofRate(ByteRate rate) {
    return new LinkShape(Optional.of(rate), 0, 0, 0);
  }

  /** Kernels without netem can only do rates; the rest takes a link of Drover's own. */
  boolean needsUserSpaceLink() {
    return delayMillis > 0 || lossPercent > 0 || reorderPercent > 0;
  }

  /** For people. */
  String describe() {
    StringBuilder text =
        new StringBuilder(rate.map(ByteRate::toString).orElse("as fast as the machine goes"));
    if (delayMillis > 0) {
      text.append(", ").append(delayMillis).append(" ms each way");
    }
    if (lossPercent > 0) {
      text.append(", ").append(lossPercent).append(" % lost");
    }
    if (reorderPercent > 0) {
      text.append(", ").append(reorderPercent).append(" % reordered");
    }
    return text.toString();
  }
}
