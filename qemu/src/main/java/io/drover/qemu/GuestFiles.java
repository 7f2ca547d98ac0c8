package io.drover.qemu;

import io.drover.model.GuestName;
import io.drover.model.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The files of one guest's QEMU in this host's run directory. */
record GuestFiles(Path directory) {
  /** A unix socket's path is limited by the kernel. */
  private static final int MAX_SOCKET_PATH = 107;

  GuestFiles {
    if (directory.resolve("control").toString().getBytes(StandardCharsets.UTF_8).length
        > MAX_SOCKET_PATH) {
      throw Problem.host(
              "path-too-long",
              "The directory %s is too long for a socket's path".formatted(directory),
              "Choose a shorter 'run-directory'.")
          .asException();
    }
  }

  static GuestFiles of(Path runDirectory, GuestName guest) {
    return new GuestFiles(runDirectory.resolve("guests").resolve(guest.value()));
  }

  Path control() {
    return directory.resolve("control");
  }

  /** QEMU appends {@code .in} and {@code .out}. */
  Path urgent() {
    return directory.resolve("urgent");
  }

  Path urgentIn() {
    return directory.resolve("urgent.in");
  }

  Path urgentOut() {
    return directory.resolve("urgent.out");
  }

  Path pid() {
    return directory.resolve("pid");
  }

  Path log() {
    return directory.resolve("log");
  }

  void create() {
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw Problem.host(
              "run-directory",
              "The directory %s cannot be made: %s".formatted(directory, e.getMessage()),
              "Check the agent's 'run-directory' and that the agent may write there.")
          .asException(e);
    }
  }

  void delete() {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(directory);
    } catch (NoSuchFileException _) {
      // Gone already: who ends a guest and who sees it end both clean up.
    } catch (IOException e) {
      throw Problem.host(
              "run-directory",
              "The directory %s cannot be removed: %s".formatted(directory, e.getMessage()),
              "Remove it by hand.")
          .asException(e);
    }
  }

  OptionalLong readPid() {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(pid()).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * Whether a process lives that was started with these files, whatever guest it runs. They may not
   * be taken from it: without them nobody could reach it any more.
   */
  boolean belongToLivingProcess() {
    OptionalLong pid = readPid();
    if (pid.isEmpty()) {
      return false;
    }
    try {
      String command =
          Files.readString(
              Path.of("/proc", Long.toString(pid.getAsLong()), "cmdline"),
              StandardCharsets.ISO_8859_1);
      return List.of(command.split("\0", -1)).contains(pid().toString());
    } catch (IOException gone) {
      return false;
    }
  }

  /** The last thing QEMU wrote to its standard error, in one line. */
  Optional<String> lastWords() {
    try {
      List<String> lines =
          Files.readString(log(), StandardCharsets.ISO_8859_1)
              .lines()
              .filter(line -> !line.isBlank())
              .map(line -> line.replaceFirst("^\\S*qemu-system-\\S+: ", ""))
              .toList();
      List<String> tail = lines.subList(Math.max(0, lines.size() - 4), lines.size());
      return tail.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", tail));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
