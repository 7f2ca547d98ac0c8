package io.drover.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the host calls itself. */
final class SystemName {
  private SystemName() {}

  static String read() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      throw new IllegalStateException("no /proc/sys/kernel/hostname: is /proc mounted?", e);
    }
  }
}
