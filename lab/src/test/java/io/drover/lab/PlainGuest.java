package io.drover.lab;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/** A guest on a QEMU of its own, without an agent: enough to look at image and workloads. */
final class PlainGuest implements AutoCloseable {
  private final Process process;
  private final SerialLog serial;

  PlainGuest(GuestImage image, Workload workload, int memoryMebibytes, Path folder)
      throws IOException {
    Path log = folder.resolve("serial.log");
    process =
        new ProcessBuilder(
                List.of(
                    "qemu-system-x86_64",
                    "-accel",
                    "tcg",
                    "-m",
                    memoryMebibytes + "M",
                    "-display",
                    "none",
                    "-nodefaults",
                    "-serial",
                    "file:" + log,
                    "-kernel",
                    image.kernel().toString(),
                    "-initrd",
                    image.initrdFor(workload).toString(),
                    "-append",
                    image.commandLine(workload, List.of("192.0.2.10/24"), List.of())))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("qemu.log").toFile())
            .start();
    serial = new SerialLog(log);
  }

  SerialLog serial() {
    return serial;
  }

  /** Waits generously for what has to happen; emulation on a busy machine can be slow. */
  void await(String what, Predicate<SerialLog> condition) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    serial.refresh();
    while (!condition.test(serial)) {
      if (System.nanoTime() > deadline || !process.isAlive()) {
        throw new AssertionError("never happened: " + what + "; faults " + serial.faults());
      }
      Thread.sleep(50);
      serial.refresh();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
