package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** QEMU's own programs for disks, and a directory for what they work at. */
public final class RealTools implements AutoCloseable {
  private final Path directory;

  public RealTools(String... programs) throws IOException {
    for (String program : programs) {
      requireProgram(program);
    }
    directory = Files.createTempDirectory("drover-nbd");
  }

  private static void requireProgram(String program) {
    boolean there =
        Arrays.stream(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    if (!there && Boolean.parseBoolean(System.getenv("CI"))) {
      throw new IllegalStateException("'" + program + "' is missing (Debian: qemu-utils)");
    }
    Assumptions.assumeTrue(there, program + " is not installed (Debian: qemu-utils)");
  }

  public Path path(String name) {
    return directory.resolve(name);
  }

  /** Runs a program to its end, which has to be a good one, and returns what it said. */
  public static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", List.of(command), said).isZero();
    return said;
  }

  /** Connects to a server that may not listen yet. */
  public static <T> T connected(Process server, Callable<T> connect) throws Exception {
    while (true) {
      try {
        return connect.call();
      } catch (SocketException e) {
        if (!server.isAlive()) {
          throw e;
        }
        Thread.sleep(10);
      }
    }
  }

  /** An image with holes, in which some runs have bytes. */
  public Path image(String name, int size, byte[] bytes, int hole) throws IOException {
    Path file = path(name);
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      for (int at = 0; at < size; at += hole) {
        int length = Math.min(hole, size - at);
        ByteBuffer part = ByteBuffer.wrap(bytes, at, length);
        if (!part.equals(ByteBuffer.allocate(length))) {
          int _ = out.write(part, at);
        }
      }
      if (out.size() < size) {
        int _ = out.write(ByteBuffer.allocate(1), size - 1);
      }
    }
    return file;
  }

  /** What a file really occupies. */
  public static long allocatedBytes(Path file) throws IOException, InterruptedException {
    return 512 * Long.parseLong(run("stat", "-c", "%b", file.toString()).strip());
  }

  @Override
  public void close() throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(all::add);
    }
    for (Path file : all) {
      Files.delete(file);
    }
  }
}
