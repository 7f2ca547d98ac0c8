package io.drover.tunnel;

import java.io.IOException;

/**
 * What a relay puts its bytes into on their way, so that other bytes cross than the two hypervisors
 * exchange; the far relay has its counterpart. Each direction has a thread of its own.
 */
public interface Coding {
  /** Where bytes go; they are only valid during the call. */
  @FunctionalInterface
  interface Sink {
    void write(byte[] bytes, int offset, int length) throws IOException;
  }

  /** Makes the coding of one relay. */
  @FunctionalInterface
  interface Factory {
    /**
     * Of a relay that is about to run.
     *
     * @param toPeer takes whole messages, from any thread
     * @param toHypervisor takes what is for the hypervisor
     * @param hypervisorEnd tells the hypervisor that nothing more comes
     */
    Coding start(Sink toPeer, Sink toHypervisor, End hypervisorEnd);
  }

  /** The end of a direction. */
  @FunctionalInterface
  interface End {
    void reached() throws IOException;
  }

  /** Takes bytes of the hypervisor's. */
  void outward(byte[] bytes, int offset, int length) throws IOException;

  /** The hypervisor says nothing more; returns once nothing has to be sent to the peer any more. */
  void outwardEnded() throws IOException;

  /** Takes bytes of the peer's. */
  void inward(byte[] bytes, int offset, int length) throws IOException;

  /** The peer says nothing more. */
  void inwardEnded() throws IOException;

  /** The relay breaks off: nobody may wait any longer. */
  void breakOff(String reason);
}
