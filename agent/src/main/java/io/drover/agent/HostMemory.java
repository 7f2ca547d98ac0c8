package io.drover.agent;

import io.drover.model.ByteSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory this host has, as the kernel counts it. */
record HostMemory(ByteSize total, ByteSize available) {
  private static final Pattern LINE = Pattern.compile("(MemTotal|MemAvailable):\\s+([0-9]+) kB");

  static HostMemory now() {
    try {
      return parse(Files.readString(Path.of("/proc/meminfo")));
    } catch (IOException e) {
      throw new IllegalStateException("no /proc/meminfo: is /proc mounted?", e);
    }
  }

  static HostMemory parse(String meminfo) {
    long total = 0;
    long available = 0;
    Matcher matcher = LINE.matcher(meminfo);
    while (matcher.find()) {
      long bytes = Long.parseLong(matcher.group(2)) << 10;
      if (matcher.group(1).equals("MemTotal")) {
        total = bytes;
      } else {
        available = bytes;
      }
    }
    return new HostMemory(new ByteSize(total), new ByteSize(available));
  }
}
