package io.drover.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process that cannot be mistaken for a later one with the same id.
 *
 * @param startTicks when it started, in clock ticks since the machine did
 */
record ProcessIdentity(long pid, long startTicks) {
  static ProcessIdentity current() {
    return of(ProcessHandle.current().pid())
        .orElseThrow(() -> new IllegalStateException("/proc does not show this process"));
  }

  static Optional<ProcessIdentity> of(long pid) {
    return stat(pid).map(fields -> new ProcessIdentity(pid, Long.parseLong(fields[19])));
  }

  boolean alive() {
    return of(pid).equals(Optional.of(this));
  }

  /** Kills it, however it feels about that, unless it is gone. */
  void kill() {
    if (alive()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  /**
   * The fields of {@code /proc/PID/stat} from the third on (state is at 0, user time at 11, system
   * time at 12, start at 19); nothing for a process that is gone or a zombie.
   */
  static Optional<String[]> stat(long pid) {
    try {
      String text = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
      return fields[0].equals("Z") || fields[0].equals("X")
          ? Optional.empty()
          : Optional.of(fields);
    } catch (IOException | IndexOutOfBoundsException gone) {
      return Optional.empty();
    }
  }
}
