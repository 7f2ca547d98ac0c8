package io.drover.agent;

import io.drover.chunk.Grain;
import io.drover.chunk.exchange.Back;
import io.drover.chunk.exchange.ChunkWatch;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.ContentSender;
import io.drover.chunk.exchange.Saving;
import io.drover.qemu.PageNaming;
import io.drover.tunnel.Coding;
import java.io.IOException;
import java.util.Optional;

/** The source's main channel by content: names of pages, and of the pages what the target lacks. */
final class SendingPages implements Coding {
  private final ContentSender sender;
  private final PageNaming naming;
  private final NamingWorth worth;

  /**
   * Of a channel that is about to run.
   *
   * @param watch learns the names of pages
   * @param earlier of the attempt before, if this one is a recovery
   */
  SendingPages(
      String name,
      int window,
      Compression compression,
      Optional<SendingPages> earlier,
      NamingWorth worth,
      Optional<ChunkWatch> watch,
      Sink toPeer,
      Sink toHypervisor,
      End hypervisorEnd) {
    this.worth = worth;
    sender =
        new ContentSender(
            Grain.PAGE,
            window,
            compression,
            toPeer::write,
            new Back() {
              @Override
              public void write(byte[] bytes, int offset, int length) throws IOException {
                toHypervisor.write(bytes, offset, length);
              }

              @Override
              public void end() throws IOException {
                hypervisorEnd.reached();
              }
            },
            watch.orElse(ChunkWatch.NOBODY));
    naming =
        earlier
            .map(before -> before.naming.recovery(sender))
            .orElseGet(() -> new PageNaming(sender, () -> how(watch.isPresent())));
    worth.restart();
    sender.startSending("pages-" + name);
  }

  private PageNaming.Page how(boolean watched) {
    if (worth.pays()) {
      return PageNaming.Page.NAMED;
    }
    return watched && worth.remembers() ? PageNaming.Page.WATCHED : PageNaming.Page.PLAIN;
  }

  Saving saving() {
    return sender.saving();
  }

  @Override
  public void outward(byte[] bytes, int offset, int length) throws IOException {
    naming.write(bytes, offset, length);
    worth.progressed(sender.saving());
  }

  @Override
  public void outwardEnded() throws IOException {
    sender.end();
  }

  @Override
  public void inward(byte[] bytes, int offset, int length) throws IOException {
    sender.fromPeer(bytes, offset, length);
  }

  @Override
  public void inwardEnded() {
    sender.close("the peer has ended");
  }

  @Override
  public void breakOff(String reason) {
    sender.close(reason);
    sender.release();
  }
}
