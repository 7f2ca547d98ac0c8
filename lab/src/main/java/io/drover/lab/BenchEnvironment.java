package io.drover.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** On what something was measured. */
final class BenchEnvironment {
  private BenchEnvironment() {}

  static Map<String, String> describe(InstantSource clock) {
    Map<String, String> all = new LinkedHashMap<>();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    all.put("date", now.toString());
    all.put("kernel", System.getProperty("os.version", ""));
    all.put("processor", field("/proc/cpuinfo", "model name"));
    all.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    all.put("memory", field("/proc/meminfo", "MemTotal"));
    all.put("load", line("/proc/loadavg"));
    all.put("java", Runtime.version().toString());
    all.put(
        "qemu",
        Programs.run(List.of("qemu-system-x86_64", "--version")).lines().findFirst().orElse(""));
    return all;
  }

  private static String field(String file, String name) {
    try {
      for (String text : Files.readAllLines(Path.of(file))) {
        if (text.startsWith(name)) {
          return text.substring(text.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException unreadable) {
      return "unknown";
    }
    return "unknown";
  }

  private static String line(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException unreadable) {
      return "unknown";
    }
  }
}
