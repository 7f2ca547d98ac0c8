package io.drover.qemu;

import io.drover.model.DiskFormat;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.NbdClient;
import io.drover.qemu.nbd.NbdLimits;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets an image that nobody writes to be read as those see it that are based on it, whatever its
 * format and whatever it is based on itself. A {@code qemu-nbd} of its own does that: reading a
 * base as a whole through the guest's QEMU would hold its guest up.
 *
 * <p>The process ends with the first connection to it, so that none is left of an agent that dies.
 */
public final class ImageServer implements ReadableImage {
  private static final Logger LOG = LoggerFactory.getLogger(ImageServer.class);
  private static final Duration START_PATIENCE = Duration.ofSeconds(15);
  private static final Duration END_PATIENCE = Duration.ofSeconds(5);
  private static final String EXPORT = "image";

  private final Process process;
  private final Path socket;
  private final NbdClient client;

  private ImageServer(Process process, Path socket, NbdClient client) {
    this.process = process;
    this.socket = socket;
    this.client = client;
  }

  /**
   * Opens an image.
   *
   * @param socket a path that is free, at most 107 bytes long
   */
  public static ImageServer open(Path image, DiskFormat format, Path socket) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "qemu-nbd",
                "--read-only",
                "--format=" + format.word(),
                "--socket=" + socket,
                "--export-name=" + EXPORT,
                image.toString())
            .redirectErrorStream(true);
    CommandLine.cleanEnvironment(builder);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      return new ImageServer(process, socket, connect(process, socket));
    } catch (IOException | RuntimeException e) {
      end(process, socket);
      throw e;
    }
  }

  private static NbdClient connect(Process process, Path socket) throws IOException {
    long deadline = System.nanoTime() + START_PATIENCE.toNanos();
    try {
      while (!process.waitFor(5, TimeUnit.MILLISECONDS)) {
        try {
          return NbdClient.connect(socket, EXPORT, NbdLimits.DEFAULT);
        } catch (SocketException e) {
          LOG.trace("not listening yet", e);
        }
        if (System.nanoTime() - deadline > 0) {
          throw new IOException("qemu-nbd does not begin");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    throw new IOException(
        new String(process.getInputStream().readNBytes(4096), StandardCharsets.UTF_8).strip());
  }

  @Override
  public BlockDevice device() {
    return client;
  }

  private static void end(Process process, Path socket) throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(END_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        Process _ = process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Process _ = process.destroyForcibly();
    }
    Files.deleteIfExists(socket);
  }

  @Override
  public void close() throws IOException {
    client.close();
    end(process, socket);
  }
}
