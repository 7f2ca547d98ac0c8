package io.drover.agent;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Documents that survive whatever happens to the agent: JSON texts under keys such as {@code
 * guests/web}. A file for each key, written whole to a temporary name, forced to disk, moved over
 * the old one, and the directory forced: at any instant a kill or a power cut leaves either the old
 * document or the new one. When {@link #write} returns, the new one is there for good.
 *
 * <p>A document that is damaged all the same is found by its checksum, named in a problem, and left
 * exactly where it is; until a person has looked at it, its key can neither be written nor deleted,
 * so nothing is ever decided on a guest whose record cannot be read.
 *
 * <p>Safe for use by several threads. One agent at a time: see {@link AgentLock}.
 */
final class Journal {
  private static final Pattern KEY =
      Pattern.compile("[a-z][a-z-]{0,30}/[a-z0-9][A-Za-z0-9._-]{0,99}");
  private static final String SUFFIX = ".json";
  private static final String TEMPORARY = ".tmp";

  /**
   * What was found.
   *
   * @param unreadable a problem for each document that cannot be trusted
   */
  record Contents(Map<String, String> documents, List<Problem> unreadable, Set<String> damaged) {}

  /** The moments between which a crash may come; tests let it come. */
  enum Step {
    BEGUN,
    WRITTEN,
    FORCED,
    MOVED,
    DIRECTORY_FORCED
  }

  private final Path directory;
  private final Consumer<Step> steps;
  private final Set<String> damaged = new HashSet<>();

  private Journal(Path directory, Consumer<Step> steps) {
    this.directory = directory;
    this.steps = steps;
  }

  static Journal open(Path directory) {
    return open(directory, step -> {});
  }

  static Journal open(Path directory, Consumer<Step> steps) {
    try {
      Files.createDirectories(directory);
      return new Journal(directory, steps);
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  /**
   * Reads everything of these kinds; what else lies in the folder is somebody else's. Half-written
   * temporary files of a crash are removed: they were never promised.
   */
  synchronized Contents load(Set<String> kinds) {
    Map<String, String> documents = new TreeMap<>();
    List<Problem> unreadable = new ArrayList<>();
    damaged.clear();
    try {
      for (String kind : kinds) {
        Path folder = directory.resolve(kind);
        if (Files.isDirectory(folder)) {
          loadKind(folder, documents, unreadable);
        }
      }
    } catch (IOException e) {
      throw unusable(directory, e);
    }
    return new Contents(documents, unreadable, Set.copyOf(damaged));
  }

  private void loadKind(Path kind, Map<String, String> documents, List<Problem> unreadable)
      throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(kind)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.endsWith(TEMPORARY)) {
          Files.delete(file);
        } else if (name.endsWith(SUFFIX)) {
          String key =
              kind.getFileName() + "/" + name.substring(0, name.length() - SUFFIX.length());
          try {
            documents.put(key, JournalFile.decode(Files.readAllBytes(file)));
          } catch (JournalFile.DamagedException | IOException e) {
            damaged.add(key);
            unreadable.add(unreadable(key, file, e));
          }
        }
      }
    }
  }

  private static Problem unreadable(String key, Path file, Exception e) {
    return Problem.host(
        "journal-damaged",
        "The journal's record of %s in %s cannot be trusted: %s"
            .formatted(key, file, e.getMessage()),
        "Drover leaves it and what it is about alone. Find out where the guest runs, move the file"
            + " away, and restart the agent.");
  }

  /** Makes the document durable; when this returns it is. */
  synchronized void write(String key, String json) {
    Path file = file(key);
    refuseDamaged(key, file);
    Path kind = file.resolveSibling("");
    Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY);
    try {
      if (Files.notExists(kind)) {
        Files.createDirectory(kind);
        force(directory);
      }
      steps.accept(Step.BEGUN);
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(JournalFile.encode(json));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        steps.accept(Step.WRITTEN);
        channel.force(true);
      }
      steps.accept(Step.FORCED);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      steps.accept(Step.MOVED);
      force(kind);
      steps.accept(Step.DIRECTORY_FORCED);
    } catch (IOException e) {
      throw unwritable(key, e);
    }
  }

  /** Forgets the document for good; it need not be there. */
  synchronized void delete(String key) {
    Path file = file(key);
    refuseDamaged(key, file);
    try {
      if (Files.deleteIfExists(file)) {
        force(file.resolveSibling(""));
      }
    } catch (NoSuchFileException nothingThere) {
      return;
    } catch (IOException e) {
      throw unwritable(key, e);
    }
  }

  private Path file(String key) {
    if (!KEY.matcher(key).matches()) {
      throw new IllegalStateException("no journal key: " + key);
    }
    return directory.resolve(key + SUFFIX);
  }

  private void refuseDamaged(String key, Path file) {
    if (damaged.contains(key)) {
      throw unreadable(key, file, new IOException("it was damaged when the agent started"))
          .asException();
    }
  }

  /** On Linux a directory can be forced like a file; that makes a name in it durable. */
  private static void force(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static RuntimeException unusable(Path directory, IOException e) {
    return Problem.host(
            "journal-unusable",
            "The journal in %s cannot be used: %s".formatted(directory, e.getMessage()),
            "Run the agent as root, or choose another state-directory.")
        .asException(e);
  }

  private RuntimeException unwritable(String key, IOException e) {
    String reason = String.valueOf(e.getMessage());
    if (reason.contains("No space left") || reason.contains("quota")) {
      return Problem.full(
              "journal-full",
              "The disk that holds %s is full, so %s cannot be recorded".formatted(directory, key),
              "Make room there; until then nothing that needs a record is begun.")
          .asException(e);
    }
    return Problem.host(
            "journal-unwritable",
            "%s cannot be recorded in %s: %s".formatted(key, directory, reason),
            "Make the state-directory writable for the agent.")
        .asException(e);
  }
}
