package io.drover.qemu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A QEMU process, known by its id and its guest's UUID: an id alone may have been reused. */
record QemuProcess(long pid, String uuid) {
  private static final Duration POLL = Duration.ofMillis(10);

  boolean isAlive() {
    try {
      // A zombie's command line is empty, and a zombie runs nothing.
      String commandLine =
          Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
      return commandLine.contains("-uuid\0" + uuid + "\0");
    } catch (IOException e) {
      return false;
    }
  }

  boolean awaitEnd(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (isAlive()) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  void kill() {
    if (isAlive()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }
}
