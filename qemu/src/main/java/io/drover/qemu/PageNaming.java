package io.drover.qemu;

import io.drover.chunk.Grain;
import io.drover.chunk.exchange.ContentSender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Puts QEMU's outgoing stream into an exchange: pages by name, as long as somebody wants that, and
 * everything else as it is. What it does not understand is all sent as it is, so the far end gives
 * the stream out byte for byte in any case.
 */
public final class PageNaming {
  private final ContentSender sender;
  private final Supplier<Page> wanted;
  private final RamStream stream;
  private final byte[] page = new byte[Grain.PAGE.bytes()];
  private int filled;
  private Optional<Page> current = Optional.empty();

  /** How a page crosses. */
  public enum Page {
    /** By its name, and as it is only if the peer lacks it. */
    NAMED,
    /** As it is, but whoever watches the exchange learns its name. */
    WATCHED,
    PLAIN
  }

  /**
   * The stream of a first attempt.
   *
   * @param wanted asked for each page
   */
  public PageNaming(ContentSender sender, Supplier<Page> wanted) {
    this.sender = sender;
    this.wanted = wanted;
    this.stream = RamStream.of(new Pages());
  }

  private PageNaming(ContentSender sender, Supplier<Page> wanted, RamStream first) {
    this.sender = sender;
    this.wanted = wanted;
    this.stream = first.recovery(new Pages());
  }

  /** For the stream of a recovery, which relies on what the first attempt's said. */
  public PageNaming recovery(ContentSender through) {
    return new PageNaming(through, wanted, stream);
  }

  /** Sends these bytes of the stream, with all that is before them. */
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      stream.read(bytes, offset, length);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    sender.flush();
  }

  private final class Pages implements RamStream.Listener {
    @Override
    public void begins(RamStream.Element element) {}

    @Override
    public void plain(byte[] bytes, int offset, int length) {
      try {
        sender.literal(bytes, offset, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void body(byte[] bytes, int offset, int length, boolean last) {
      Page how =
          current.orElseGet(() -> stream.pageBytes() == page.length ? wanted.get() : Page.PLAIN);
      current = last ? Optional.empty() : Optional.of(how);
      if (how == Page.PLAIN) {
        plain(bytes, offset, length);
        return;
      }
      try {
        if (length == page.length) {
          whole(how, bytes, offset);
          return;
        }
        System.arraycopy(bytes, offset, page, filled, length);
        filled += length;
        if (last) {
          filled = 0;
          whole(how, page, 0);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void whole(Page how, byte[] bytes, int offset) throws IOException {
      if (how == Page.NAMED) {
        sender.chunk(bytes, offset);
      } else {
        sender.watched(bytes, offset);
      }
    }
  }
}
