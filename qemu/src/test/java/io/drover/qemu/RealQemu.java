package io.drover.qemu;

import io.drover.migration.TransferSettings;
import io.drover.model.GuestDefinition;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Two hosts' worth of directories on this machine; ends everything that a test started. */
final class RealQemu implements AutoCloseable {
  private static final AtomicInteger NEXT_ID = new AtomicInteger();

  final Path directory;
  final QemuProgram program;
  private final Deque<QemuGuest> guests = new ArrayDeque<>();
  private int sockets;

  RealQemu() throws IOException {
    try {
      program = QemuProgram.probe("qemu-system-x86_64");
    } catch (ProblemException e) {
      if (Boolean.parseBoolean(System.getenv("CI"))) {
        throw e;
      }
      Assumptions.abort(e.problem().toString());
      throw e;
    }
    directory = Files.createTempDirectory("drover-it");
  }

  QemuLauncher host(String name) {
    return new QemuLauncher(
        program, directory.resolve(name), () -> "it" + NEXT_ID.incrementAndGet() + "-");
  }

  QemuGuest start(String host, GuestDefinition guest) {
    return endLater(host(host).start(guest));
  }

  QemuGuest endLater(QemuGuest guest) {
    guests.push(guest);
    return guest;
  }

  QemuTarget launch(String host, GuestDefinition guest, TransferSettings settings, EventLog log) {
    QemuTarget target = new QemuTarget(host(host), guest, ArrivingDisks.toBeMade(guest, List.of()));
    target.subscribe(log);
    target.launch(settings);
    endLater(target.guest().orElseThrow());
    return target;
  }

  Path socket() {
    return directory.resolve("s" + sockets++);
  }

  static TransferSettings precopy() {
    return settings(false, false);
  }

  static TransferSettings postcopy() {
    return settings(true, false);
  }

  static TransferSettings postcopyUrgent() {
    return settings(true, true);
  }

  private static TransferSettings settings(boolean postCopy, boolean urgent) {
    // The guest rewrites all of its memory all the time: pre-copy ends only where what is left, all
    // of it, may cross while the guest stands still, also on a machine that is busy.
    return new TransferSettings(
        postCopy, urgent, 0, 0, Duration.ofSeconds(5), false, false, Optional.empty());
  }

  @Override
  public void close() throws IOException {
    while (!guests.isEmpty()) {
      QemuGuest guest = guests.pop();
      guest.close();
      new QemuProcess(guest.pid(), guest.definition().uuid()).kill();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(file);
      }
    }
  }
}
