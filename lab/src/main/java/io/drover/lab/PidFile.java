package io.drover.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Remembers a program of a machine from one command to the next. */
record PidFile(Path file) {
  void write(ProcessIdentity process) {
    try {
      Files.writeString(file, process.pid() + " " + process.startTicks() + "\n");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** The program, if it runs. */
  Optional<ProcessIdentity> process() {
    try {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      String[] words = Files.readString(file).strip().split(" ", -1);
      return Optional.of(new ProcessIdentity(Long.parseLong(words[0]), Long.parseLong(words[1])))
          .filter(ProcessIdentity::alive);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** "running", "stopped", or "none" where there never was one. */
  String state() {
    if (!Files.exists(file)) {
      return "none";
    }
    return process().isPresent() ? "running" : "stopped";
  }

  /** Ends the program in order and waits for its end. */
  void stop() {
    Optional<ProcessIdentity> process = process();
    if (process.isPresent()) {
      CompletableFuture<ProcessHandle> ended =
          ProcessHandle.of(process.get().pid())
              .map(ProcessHandle::onExit)
              .orElse(CompletableFuture.completedFuture(ProcessHandle.current()));
      ProcessHandle.of(process.get().pid()).ifPresent(ProcessHandle::destroy);
      ended.join();
    }
  }
}
