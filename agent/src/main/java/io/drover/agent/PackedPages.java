package io.drover.agent;

import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.PackedStream;
import io.drover.tunnel.Coding;
import java.io.IOException;

/**
 * Either end of the urgent channel: pages that a guest waits for, packed where the link is thin.
 */
final class PackedPages implements Coding {
  private final PackedStream stream;
  private final End hypervisorEnd;

  PackedPages(Compression compression, Sink toPeer, Sink toHypervisor, End hypervisorEnd) {
    this.stream = new PackedStream(compression, toPeer::write, toHypervisor::write);
    this.hypervisorEnd = hypervisorEnd;
  }

  long packedBytes() {
    return stream.packedBytes();
  }

  @Override
  public void outward(byte[] bytes, int offset, int length) throws IOException {
    stream.write(bytes, offset, length);
  }

  @Override
  public void outwardEnded() {}

  @Override
  public void inward(byte[] bytes, int offset, int length) throws IOException {
    stream.fromPeer(bytes, offset, length);
  }

  @Override
  public void inwardEnded() throws IOException {
    stream.peerEnded();
    hypervisorEnd.reached();
  }

  @Override
  public void breakOff(String reason) {
    stream.close();
  }
}
