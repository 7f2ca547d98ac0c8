package io.drover.api;

import java.util.List;

/** {@code GET /v1/host}. */
public record HostView(
    String name,
    String droverVersion,
    String hypervisorVersion,
    String accelerator,
    String listen,
    long memoryBytes,
    long memoryAvailableBytes,
    boolean postCopy,
    List<PeerView> peers,
    List<ProblemView> warnings) {

  /** Another host this agent may deal with. */
  public record PeerView(String name, String address, boolean maySendTo, boolean mayReceiveFrom) {}
}
