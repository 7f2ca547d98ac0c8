package io.drover.agent;

import io.drover.model.MigrationId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the sockets of one migration are, those of an earlier run of the agent among them. */
record MigrationFolder(Path path) {
  private static final Logger LOG = LoggerFactory.getLogger(MigrationFolder.class);

  static MigrationFolder of(Path runDirectory, MigrationId id) {
    return new MigrationFolder(runDirectory.resolve("m").resolve(id.value()));
  }

  /** Removes it with all that is left in it; nothing of the migration is needed any more. */
  void delete() {
    if (!Files.isDirectory(path)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(path)) {
      List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
      for (Path each : deepestFirst) {
        Files.deleteIfExists(each);
      }
    } catch (IOException e) {
      LOG.warn("{} could not be removed: {}", path, e.getMessage());
    }
  }
}
