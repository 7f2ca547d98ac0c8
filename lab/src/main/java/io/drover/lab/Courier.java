package io.drover.lab;

import io.drover.api.GuestSpec;
import java.util.Map;

/**
 * Takes a whole guest from one host of a lab to the other, {@link Relocations#FROM} to {@link
 * Relocations#TO}. Calls block, in this order, each once.
 */
interface Courier {
  /** Lays at the target what somebody who moves guests in this way would have there anyway. */
  void prepare(LikeDisk disk);

  /** Boots the guest; its disk's image is there. */
  void start(GuestSpec spec);

  /**
   * On return the guest runs at the target and nothing is left to be copied.
   *
   * @return what the courier itself knows, among it the total time
   * @throws io.drover.model.ProblemException when the guest did not arrive
   */
  Map<Measure, Double> carry(GuestSpec spec);
}
