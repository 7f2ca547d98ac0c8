package io.drover.qemu;

import io.drover.model.MemoryBudget;
import io.drover.model.Problem;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Feeds a {@link StreamRecorder}'s replay to a new target, in place of the source. Afterwards the
 * caller closes the connection; the target then pauses in post-copy and can be recovered like any
 * other, with the source that is paused as well.
 *
 * <p>Loading the device state reads some of the guest's memory, none of which is there: the target
 * asks for these pages. They come from the source's guest, which stands still and so still has what
 * belongs to the device state.
 */
public final class StreamReplay {
  /** Where pages come from. */
  interface PageSource {
    byte[] read(String block, long offset, int length);
  }

  private static final int SHUT = 1;
  private static final int PONG = 2;
  private static final int REQUEST_WITH_NAME = 3;
  private static final int REQUEST = 4;
  // The last ping inside the package; and the one that follows it.
  private static final int DEVICES_LOADED = 3;
  private static final int PACKAGE_TAKEN = 4;
  private static final int FLAG_PAGE = 8;
  private static final int FLAG_EOS = 16;
  private static final int MAX_PAGE_BYTES = 65_536;
  // Between the last ping and the end of the package there is nothing left to wait for, but only
  // after that end does a target pause when its connection goes. It exits if this was too short,
  // and another one can be made.
  private static final Duration LAST_STEP = Duration.ofMillis(250);

  /** The command PING, with 4 bytes of payload. */
  static final byte[] LAST_PING = {8, 0, 2, 0, 4, 0, 0, 0, PACKAGE_TAKEN};

  private final OutputStream toTarget;
  private final DataInputStream fromTarget;
  private final PageSource pages;
  private final int ramSection;
  private String block = "";

  private StreamReplay(
      OutputStream toTarget, InputStream fromTarget, PageSource pages, int ramSection) {
    this.toTarget = toTarget;
    this.fromTarget = new DataInputStream(fromTarget);
    this.pages = pages;
    this.ramSection = ramSection;
  }

  /**
   * Returns once the target has loaded the device state. Has no time limit of its own: closing the
   * streams ends it. Where the urgent channel is on, its connection has to be made too, after this
   * one's and before this call; nothing is sent over it.
   *
   * @param source the guest, paused in post-copy, at this host
   * @param fromTarget the target's return path
   */
  public static void play(
      byte[] replay, QemuGuest source, OutputStream toTarget, InputStream fromTarget) {
    StreamRecorder reading = new StreamRecorder(_ -> {}, MemoryBudget.boundless());
    reading.forward(replay, 0, replay.length);
    if (!reading.packagePassed()) {
      throw refused("what was recorded of it is not whole").asException();
    }
    StreamReplay player =
        new StreamReplay(toTarget, fromTarget, new GuestPages(source), reading.ramSection());
    try {
      toTarget.write(replay);
      toTarget.flush();
      player.answer();
      Thread.sleep(LAST_STEP);
    } catch (EOFException e) {
      throw refused("it closed the connection").asException(e);
    } catch (IOException e) {
      throw refused(String.valueOf(e.getMessage())).asException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw refused("interrupted").asException(e);
    }
  }

  private void answer() throws IOException {
    boolean loaded = false;
    boolean taken = false;
    while (!(loaded && taken)) {
      int type = fromTarget.readUnsignedShort();
      byte[] bytes = new byte[fromTarget.readUnsignedShort()];
      fromTarget.readFully(bytes);
      ByteBuffer payload = ByteBuffer.wrap(bytes);
      switch (type) {
        case SHUT -> throw refused("it ended the transfer").asException();
        case PONG -> {
          int value = bytes.length == 4 ? payload.getInt() : 0;
          loaded |= value == DEVICES_LOADED;
          taken |= value == PACKAGE_TAKEN;
        }
        case REQUEST_WITH_NAME, REQUEST -> send(type, payload);
        default -> throw refused("it answered with message type " + type).asException();
      }
    }
  }

  private void send(int type, ByteBuffer request) throws IOException {
    if (request.remaining() < (type == REQUEST ? 12 : 13)) {
      throw refused("it sent a request that is too short").asException();
    }
    long offset = request.getLong();
    int length = request.getInt();
    if (type == REQUEST_WITH_NAME) {
      byte[] name = new byte[Math.min(request.get() & 0xff, request.remaining())];
      request.get(name);
      block = new String(name, StandardCharsets.ISO_8859_1);
    }
    if (length <= 0 || length > MAX_PAGE_BYTES || Integer.bitCount(length) != 1 || offset < 0) {
      throw refused("it asked for %d bytes at %#x".formatted(length, offset)).asException();
    }
    byte[] name = block.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer section = ByteBuffer.allocate(5 + 9 + name.length + length + 8 + 5);
    section.put((byte) 2).putInt(ramSection);
    section.putLong(offset | FLAG_PAGE).put((byte) name.length).put(name);
    section.put(pages.read(block, offset, length));
    section.putLong(FLAG_EOS).put((byte) 0x7e).putInt(ramSection).flip();
    byte[] bytes = new byte[section.remaining()];
    section.get(bytes);
    toTarget.write(bytes);
    toTarget.flush();
  }

  private static Problem refused(String reason) {
    // The peer's kind: as long as both hosts are up it is worth another try.
    return Problem.peer(
        "replay-refused",
        "A new target did not take the guest's device state: " + reason,
        "The guest's memory is still at the source; Drover tries again while both hosts are up.");
  }
}
