package io.drover.agent;

import io.drover.chunk.Grain;
import io.drover.chunk.exchange.ContentReceiver;
import io.drover.chunk.exchange.Held;
import io.drover.chunk.exchange.Saving;
import io.drover.tunnel.Coding;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** The target's main channel by content: asks for what this host does not hold. */
final class ReceivingPages implements Coding {
  private final ContentReceiver receiver;
  private final End hypervisorEnd;
  private final CountDownLatch peerEnded = new CountDownLatch(1);

  ReceivingPages(Held held, Sink toPeer, Sink toHypervisor, End hypervisorEnd) {
    this.receiver = new ContentReceiver(Grain.PAGE, held, toPeer::write, toHypervisor::write);
    this.hypervisorEnd = hypervisorEnd;
  }

  /** To be called when nothing passes any more. */
  void release() {
    receiver.release();
  }

  Saving saving() {
    return receiver.saving();
  }

  @Override
  public void outward(byte[] bytes, int offset, int length) throws IOException {
    receiver.back(bytes, offset, length);
  }

  /** Answers are sent for as long as the peer announces something. */
  @Override
  public void outwardEnded() throws IOException {
    receiver.backEnded();
    try {
      peerEnded.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void inward(byte[] bytes, int offset, int length) throws IOException {
    receiver.fromPeer(bytes, offset, length);
  }

  @Override
  public void inwardEnded() throws IOException {
    peerEnded.countDown();
    receiver.peerEnded();
    hypervisorEnd.reached();
  }

  @Override
  public void breakOff(String reason) {
    peerEnded.countDown();
  }
}
