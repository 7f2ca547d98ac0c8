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

  /** What numbers depend on: those of another machine are not mixed with this one's. */
  static String machine() {
    return String.join(
        ", ",
        field("/proc/cpuinfo", "model name"),
        Runtime.getRuntime().availableProcessors() + " processors",
        "Linux " + System.getProperty("os.version", ""),
        qemu());
  }

  private static String qemu() {
    return Programs.run(List.of("qemu-system-x86_64", "--version")).lines().findFirst().orElse("");
  }

  static Map<String, String> describe(InstantSource clock, Experiment experiment) {
    Map<String, String> all = new LinkedHashMap<>();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    all.put("date", now.toString());
    all.put("kernel", System.getProperty("os.version", ""));
    all.put("processor", field("/proc/cpuinfo", "model name"));
    all.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    all.put("memory", field("/proc/meminfo", "MemTotal"));
    all.put("load", line("/proc/loadavg"));
    all.put("java", Runtime.version().toString());
    all.put("drover", DroverBuild.describe());
    all.put("qemu", qemu());
    all.put("accelerator", accelerator());
    if (experiment.procedure() instanceof Experiment.Moves moves) {
      all.put(
          "link",
          String.join(
              "; ",
              moves.guests().stream().map(one -> one.shape().describe()).distinct().toList()));
    }
    if (experiment.procedure() instanceof Experiment.Reach) {
      all.put("link", TopologyFile.wan().shapedNetwork().shape().describe());
    }
    if (experiment.procedure() instanceof Relocations relocations) {
      all.put(
          "link",
          String.join(
              "; ",
              relocations.relocations().stream()
                  .map(each -> "%s: %s".formatted(each.name(), each.shape().describe()))
                  .toList()));
    }
    return all;
  }

  /** As the agents choose it. */
  private static String accelerator() {
    boolean virtualizes =
        List.of(field("/proc/cpuinfo", "flags").split(" ", -1)).stream()
            .anyMatch(flag -> flag.equals("vmx") || flag.equals("svm"));
    return virtualizes && Files.isWritable(Path.of("/dev/kvm")) ? "kvm" : "tcg (emulation)";
  }

  static String field(String file, String name) {
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
