package io.drover.api;

/** How a guest is brought to its end. */
public enum StopManner {
  /** By its power button; the guest may finish what it does. */
  ORDERLY,
  /** At once, as if the power were cut. */
  FORCED
}
