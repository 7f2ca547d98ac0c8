package io.drover.agent;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Held by the one living agent of a run directory. The kernel lets go of it when the process ends,
 * however it ends, so a lock that cannot be had means an agent that lives.
 */
final class AgentLock implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;

  private AgentLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  static AgentLock take(Path runDirectory) {
    Path file = runDirectory.resolve("agent.lock");
    try {
      Files.createDirectories(runDirectory);
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (isHeld(channel)) {
        channel.close();
        throw Problem.host(
                "agent-runs",
                "Another agent already runs with the run directory " + runDirectory,
                "Stop it first ('systemctl stop drover-agent'), or give this one another"
                    + " run-directory.")
            .asException();
      }
      if (Files.notExists(file)) {
        // An agent that ended took it along between the opening and the locking.
        channel.close();
        return take(runDirectory);
      }
      return new AgentLock(file, channel);
    } catch (IOException e) {
      throw Problem.host(
              "run-directory-unusable",
              "The run directory %s cannot be used: %s".formatted(runDirectory, e.getMessage()),
              "Run the agent as root, or choose another run-directory.")
          .asException(e);
    }
  }

  private static boolean isHeld(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock == null;
    } catch (OverlappingFileLockException sameProcess) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
    channel.close();
  }
}
