package io.drover.lab;

/** How long TCP waits before it sends again what was not answered. */
final class RetransmissionTime {
  /** Linux adds at least this to the time that an answer takes. */
  private static final double LEAST_MILLIS = 200;

  private RetransmissionTime() {}

  /**
   * The time-out that is running when an outage ends: each is twice the one before, so the sender
   * may find out this much later.
   */
  static double inForceMillis(double outageMillis, double roundTripMillis) {
    double timeOut = LEAST_MILLIS + roundTripMillis;
    double sent = timeOut;
    while (sent < outageMillis) {
      timeOut *= 2;
      sent += timeOut;
    }
    return timeOut;
  }
}
