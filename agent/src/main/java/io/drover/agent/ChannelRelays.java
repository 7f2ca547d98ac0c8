package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.tunnel.Relay;
import io.drover.tunnel.RelayEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The relays of one side of a migration, over all its attempts: counts their bytes, and breaks the
 * rest of an attempt when one of its channels breaks, since QEMU does not notice by itself.
 */
final class ChannelRelays {
  private final List<Running> all = new ArrayList<>();
  private final Consumer<String> broken;
  private int openAttempt = -1;

  private record Running(String channel, int attempt, Relay relay) {}

  ChannelRelays(Consumer<String> broken) {
    this.broken = broken;
  }

  /** Relays of other attempts than this one end without a word. */
  synchronized void attempt(int attempt) {
    openAttempt = attempt;
  }

  synchronized boolean isOpen(int attempt) {
    return openAttempt == attempt;
  }

  /** Runs the relay on a thread of its own until it ends or its attempt is closed. */
  void run(String channel, int attempt, Relay relay) {
    run(channel, attempt, relay, () -> {});
  }

  /**
   * The same, and does something when no thread of the relay's is left.
   *
   * @param afterwards done in any case
   */
  void run(String channel, int attempt, Relay relay, Runnable afterwards) {
    synchronized (this) {
      if (openAttempt != attempt) {
        relay.close();
        afterwards.run();
        return;
      }
      all.add(new Running(channel, attempt, relay));
    }
    Thread.ofVirtual()
        .name("relay-" + channel)
        .start(
            () -> {
              RelayEnd end = relay.run();
              try {
                switch (end) {
                  case RelayEnd.Clean() -> {}
                  case RelayEnd.Broken(String reason) -> brokenIn(attempt, channel, reason);
                }
              } finally {
                afterwards.run();
              }
            });
  }

  void brokenIn(int attempt, String channel, String reason) {
    if (isOpen(attempt)) {
      closeAll(reason);
      broken.accept(channel + ": " + reason);
    }
  }

  void closeAll(String reason) {
    List<Running> open;
    synchronized (this) {
      openAttempt = -1;
      open = List.copyOf(all);
    }
    open.forEach(running -> running.relay().breakOff(reason));
  }

  synchronized List<MigrationView.ChannelBytes> bytes() {
    List<MigrationView.ChannelBytes> bytes = new ArrayList<>();
    for (Running running : all) {
      Relay.Progress progress = running.relay().progress();
      bytes.add(
          new MigrationView.ChannelBytes(
              running.channel(), running.attempt(), progress.bytesOut(), progress.bytesIn()));
    }
    return bytes;
  }
}
