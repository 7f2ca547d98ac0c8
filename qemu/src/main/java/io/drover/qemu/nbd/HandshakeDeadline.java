package io.drover.qemu.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** Closes a connection whose handshake is not done in time, however slowly its bytes trickle. */
final class HandshakeDeadline implements AutoCloseable {
  private static final int RUNNING = 0;
  private static final int MET = 1;
  private static final int MISSED = 2;

  private final AtomicInteger state = new AtomicInteger(RUNNING);
  private final Thread timer;

  HandshakeDeadline(Duration time, Closeable connection) {
    timer =
        Thread.ofVirtual()
            .name("nbd-deadline")
            .start(
                () -> {
                  try {
                    Thread.sleep(time);
                    if (state.compareAndSet(RUNNING, MISSED)) {
                      connection.close();
                    }
                  } catch (InterruptedException | IOException e) {
                    // Met, or closed already: nothing more to do either way.
                  }
                });
  }

  boolean missed() {
    return state.get() == MISSED;
  }

  @Override
  public void close() {
    if (state.compareAndSet(RUNNING, MET)) {
      timer.interrupt();
    }
  }
}
