package io.drover.migration;

import java.util.function.Consumer;

/**
 * A guest that arrives at the target: a hypervisor process that receives and does not run. Calls
 * behave as those of {@link SourceHypervisor}.
 */
public interface TargetHypervisor {
  void subscribe(Consumer<HypervisorEvent> subscriber);

  /** Starts the process, ready to {@link #listen}; the guest cannot run before {@link #run}. */
  void launch(TransferSettings settings);

  /**
   * Makes it listen for the first transfer, or, when {@code attempt} is above 0, for the recovery
   * of a paused one. The returned address is fresh for every attempt.
   */
  TransferAddress listen(TransferAddress wanted, int attempt);

  /**
   * Lets the guest run as soon as it is loaded. Only called after the source gave it up for good.
   */
  void run();

  /** Tells the network where the guest is now. */
  void announce();

  void breakTransfer();

  TransferState transferState();

  /** Whether the guest's processors have run here, or may have. */
  boolean mayHaveRun();

  void quit();
}
