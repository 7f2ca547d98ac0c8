package io.drover.network;

import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** One host's part in keeping guests reachable. */
public final class Continuity {
  private final HostName host;
  private final HostNetwork network;
  private final Announcer announcer;

  public Continuity(HostName host, HostNetwork network) {
    this.host = host;
    this.network = network;
    this.announcer = new Announcer(network);
  }

  /** A guest on its way out; {@code told} hears of each step, the target's too. */
  public LeavingGuest leaving(
      GuestName guest, List<GuestPort> ports, Consumer<ContinuityStep> told) {
    return new LeavingGuest(guest, host, ports, network, told);
  }

  /**
   * A guest on its way here.
   *
   * @param offer what the source said of it, if it did
   * @throws io.drover.model.ProblemException if that cannot be understood
   */
  public ArrivingGuest arriving(
      GuestName guest,
      List<GuestPort> ports,
      Optional<byte[]> offer,
      Consumer<ContinuityStep> told) {
    Optional<ContinuityMessage.Offer> understood =
        offer
            .map(ContinuityCodec::decode)
            .filter(ContinuityMessage.Offer.class::isInstance)
            .map(ContinuityMessage.Offer.class::cast);
    return new ArrivingGuest(guest, host, ports, network, announcer, understood, told);
  }

  /** A guest that is here began to run, whoever let it: its network may have forgotten it. */
  public void runsAgain(GuestName guest, List<GuestPort> ports) {
    StepLog log = new StepLog(guest, host, step -> {});
    for (GuestPort port : ports) {
      log.wished("announce", () -> announcer.announce(port));
    }
  }
}
