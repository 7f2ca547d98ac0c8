package io.drover.qemu;

import io.drover.model.Problem;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Feeds a {@link StreamRecorder}'s replay to a new target, in place of the source. Afterwards the
 * caller closes the connection; the target then pauses in post-copy and can be recovered like any
 * other, with the source that is paused as well.
 */
public final class StreamReplay {
  private static final int SHUT = 1;
  private static final int PONG = 2;
  // The last ping inside the package: what answers it has loaded all of the device state.
  private static final int LOADED = 3;

  private StreamReplay() {}

  /**
   * Returns once the target has loaded the device state. Has no time limit of its own: closing the
   * streams ends it.
   *
   * @param fromTarget the target's return path
   */
  public static void play(byte[] replay, OutputStream toTarget, InputStream fromTarget) {
    try {
      toTarget.write(replay);
      toTarget.flush();
      DataInputStream answers = new DataInputStream(fromTarget);
      while (true) {
        int type = answers.readUnsignedShort();
        byte[] payload = new byte[answers.readUnsignedShort()];
        answers.readFully(payload);
        int value = payload.length == 4 ? payload[3] & 0xff : 0;
        if (type == PONG && value == LOADED) {
          return;
        }
        if (type == SHUT) {
          throw refused("it ended the transfer").asException();
        }
      }
    } catch (EOFException e) {
      throw refused("it closed the connection").asException(e);
    } catch (IOException e) {
      throw refused(String.valueOf(e.getMessage())).asException(e);
    }
  }

  private static Problem refused(String reason) {
    return Problem.migration(
        "replay-refused",
        "A new target did not take the guest's device state: " + reason,
        "The guest's memory is still at the source; Drover tries again while both hosts are up.");
  }
}
