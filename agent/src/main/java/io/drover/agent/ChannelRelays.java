package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.model.MigrationId;
import io.drover.tunnel.Relay;
import io.drover.tunnel.RelayEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relays of one side of a migration, over all its attempts: counts their bytes, and breaks the
 * rest of an attempt when one of its channels breaks, since QEMU does not notice by itself.
 */
final class ChannelRelays {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelRelays.class);

  private final MigrationId migration;
  private final List<Running> open = new ArrayList<>();
  // Of relays that are over only the numbers are kept.
  private final List<MigrationView.ChannelBytes> ended = new ArrayList<>();
  private final Consumer<String> broken;
  private int openAttempt = -1;

  private record Running(String channel, int attempt, Relay relay) {
    MigrationView.ChannelBytes bytes() {
      Relay.Progress progress = relay.progress();
      return new MigrationView.ChannelBytes(
          channel, attempt, progress.bytesOut(), progress.bytesIn());
    }
  }

  ChannelRelays(MigrationId migration, Consumer<String> broken) {
    this.migration = migration;
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
    Running running = new Running(channel, attempt, relay);
    synchronized (this) {
      if (openAttempt != attempt) {
        relay.close();
        afterwards.run();
        return;
      }
      open.add(running);
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
                ended(running);
                afterwards.run();
              }
            });
  }

  private synchronized void ended(Running running) {
    open.remove(running);
    ended.add(running.bytes());
  }

  void brokenIn(int attempt, String channel, String reason) {
    if (isOpen(attempt)) {
      LOG.info("migration={} the channel {} broke: {}", migration, channel, reason);
      closeAll(reason);
      broken.accept(channel + ": " + reason);
    }
  }

  void closeAll(String reason) {
    List<Running> all;
    synchronized (this) {
      openAttempt = -1;
      all = List.copyOf(open);
    }
    all.forEach(running -> running.relay().breakOff(reason));
  }

  synchronized List<MigrationView.ChannelBytes> bytes() {
    return Stream.concat(ended.stream(), open.stream().map(Running::bytes)).toList();
  }
}
