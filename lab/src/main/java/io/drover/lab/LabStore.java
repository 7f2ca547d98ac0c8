package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The labs of this machine, each a folder with a record in it. */
final class LabStore {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String LOCK = ".lock";
  private static final String RECORD = "lab.json";

  private final Path root;

  LabStore(Path root) {
    this.root = root;
  }

  static LabStore ofMachine() {
    return new LabStore(LabRecord.ROOT);
  }

  Path folder(String name) {
    return root.resolve(name);
  }

  /** Does something while no other lab command makes or removes a lab. */
  <T> T exclusively(Supplier<T> action) {
    try {
      Files.createDirectories(root);
      try (FileChannel channel =
              FileChannel.open(
                  root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          var lock = channel.lock()) {
        Objects.requireNonNull(lock);
        // The last lab may have taken the folder along while this waited for the lock.
        Files.createDirectories(root);
        return action.get();
      }
    } catch (IOException failure) {
      throw Problem.host(
              "no-lab-folder",
              "%s cannot be used (%s)".formatted(root, failure.getMessage()),
              "Run as root.")
          .asException(failure);
    }
  }

  List<String> names() {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(root)) {
      return folders
          .filter(Files::isDirectory)
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Nothing where there is no such lab or its record cannot be read. */
  Optional<LabRecord> read(String name) {
    try {
      return Optional.of(
          JSON.readValue(Files.readAllBytes(folder(name).resolve(RECORD)), LabRecord.class));
    } catch (IOException | JacksonException absentOrBroken) {
      return Optional.empty();
    }
  }

  /**
   * Whether a lab is another Drover's, whose records this one cannot read, and in use: its owner or
   * one of its nodes lives. All versions write those down alike.
   */
  boolean isInUseElsewhere(String name) {
    try {
      JsonNode record = JSON.readTree(Files.readAllBytes(folder(name).resolve(RECORD)));
      Stream<JsonNode> processes =
          Stream.concat(
              record.path("keeping").asString("").equals(LabRecord.Keeping.OWNED.name())
                  ? Stream.of(record.path("owner"))
                  : Stream.empty(),
              record.path("nodes").valueStream().map(node -> node.path("init")));
      return processes.anyMatch(
          process ->
              new ProcessIdentity(
                      process.path("pid").asLong(0), process.path("startTicks").asLong(0))
                  .alive());
    } catch (IOException | JacksonException absentOrBroken) {
      return false;
    }
  }

  void write(LabRecord record) {
    Path file = folder(record.name()).resolve(RECORD);
    Path fresh = file.resolveSibling(RECORD + ".new");
    try {
      Files.createDirectories(file.getParent());
      Files.write(fresh, JSON.writeValueAsBytes(record));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Removes a lab's folder. */
  void remove(String name) {
    try {
      GuestImageBuilder.deleteTree(folder(name));
    } catch (IOException failure) {
      throw Problem.host(
              "lab-folder-stays",
              "%s cannot be removed (%s)".formatted(folder(name), failure.getMessage()),
              "Look what still uses it, then run 'drover lab down' again.")
          .asException(failure);
    }
  }

  /** The last lab takes the folder of all labs with it. */
  void removeRootIfEmpty() {
    if (Files.isDirectory(root) && names().isEmpty()) {
      try {
        Files.deleteIfExists(root.resolve(LOCK));
        Files.deleteIfExists(root);
      } catch (IOException busy) {
        // Another command just began a lab: then the folder is wanted.
        LoggerFactory.getLogger(LabStore.class).debug("{} stays: {}", root, busy.toString());
      }
    }
  }
}
