package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.WEB;
import static io.drover.chunk.Fixture.checkpoint;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.overwrite;
import static io.drover.chunk.Fixture.pages;
import static io.drover.chunk.Fixture.remember;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store is killed at any moment, and opened again. */
class CrashTest {
  private static final StoreLimits SMALL =
      new StoreLimits(ByteSize.ofMebibytes(1), new ByteSize(12 * 4200), new ByteSize(24 * 4200));

  @TempDir private Path folder;
  private final List<Path> snapshots = new ArrayList<>();

  /** Copies the store as it is now, as a crash would leave it, with the times of its files. */
  private void snapshot() {
    Path store = folder.resolve("store");
    Path copy = folder.resolve("crash-" + snapshots.size());
    snapshots.add(copy);
    try (Stream<Path> files = Files.walk(store)) {
      for (Path file : files.toList()) {
        // Hard links: a pack keeps its inode, and what is written is never changed in place.
        Path target = copy.resolve(store.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else if (file.toString().endsWith(".pack")) {
          Files.createLink(target, file);
        } else {
          Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void afterEveryStepTheStoreOpensWithWhatWasFinished() throws IOException {
    Path disk = image(folder.resolve("disk.raw"), pages(1, 6));
    List<Integer> finished = new ArrayList<>();
    try (ChunkStore store =
        ChunkStore.open(
            folder.resolve("store"), SMALL, Clock.systemUTC(), new Disk(this::snapshot))) {
      store.index(terms(disk, ANNA, Visibility.OWNER));
      finished.add(snapshots.size());
      checkpoint(store, WEB, ANNA, pages(10, 15));
      finished.add(snapshots.size());
      checkpoint(store, new GuestName("mail"), ANNA, pages(20, 24));
      finished.add(snapshots.size());
      checkpoint(store, WEB, ANNA, pages(10, 13)); // takes the place of the first
      finished.add(snapshots.size());
      remember(store, ANNA, pages(30, 50)); // several segments
      finished.add(snapshots.size());
      overwrite(disk, 0, 9);
      store.index(terms(disk, ANNA, Visibility.OWNER));
      finished.add(snapshots.size());
      checkpoint(store, new GuestName("third"), ANNA, pages(60, 66)); // the oldest goes
      store.index(terms(disk, ANNA, Visibility.PUBLIC));
    }
    snapshot();
    assertThat(snapshots).hasSizeGreaterThan(60);
    for (int i = 0; i < snapshots.size(); i++) {
      Path crashed = snapshots.get(i);
      try (ChunkStore store = Fixture.open(crashed, SMALL)) {
        assertThat(store.status().refused()).as("after step %d", i).isEmpty();
        Fixture.assertBoundsKept(store, crashed);
        assertThat(store.verify().findings())
            .allMatch(finding -> finding.kind() == SourceKind.IMAGE, "after step " + i);
        assertNoLeftovers(crashed);
        if (i >= finished.get(1) && i < finished.get(5)) {
          assertThat(Arrays.stream(pages(10, 13)))
              .as("step %d", i)
              .allMatch(page -> gives(store, ANNA, page));
        }
        if (i >= finished.get(2) && i < finished.get(3)) {
          assertThat(Arrays.stream(pages(20, 24)))
              .as("step %d", i)
              .allMatch(page -> gives(store, ANNA, page));
        }
        if (i >= finished.get(3)) {
          assertThat(gives(store, ANNA, 14)).as("superseded, step %d", i).isFalse();
        }
      }
    }
  }

  private static void assertNoLeftovers(Path store) {
    for (String name : List.of("images", "checkpoints", "cache")) {
      assertThat(Fixture.filesIn(store.resolve(name), ".tmp")).isEmpty();
    }
    for (String name : List.of("checkpoints", "cache")) {
      assertThat(Fixture.filesIn(store.resolve(name), ".pack"))
          .hasSameSizeAs(Fixture.filesIn(store.resolve(name), ".catalogue").toList());
    }
  }

  @Test
  void whateverIsCutOffNothingWrongIsGiven() throws IOException {
    Path store = folder.resolve("store");
    try (ChunkStore whole = Fixture.open(store)) {
      whole.index(terms(image(folder.resolve("disk.raw"), pages(1, 6)), ANNA, Visibility.OWNER));
      checkpoint(whole, WEB, ANNA, pages(10, 14));
      remember(whole, ANNA, pages(20, 24));
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(store)) {
      files = walk.filter(Files::isRegularFile).filter(file -> Disk.size(file) > 0).toList();
    }
    assertThat(files).hasSize(5);
    for (Path file : files) {
      byte[] content = Files.readAllBytes(file);
      var modified = Files.getLastModifiedTime(file);
      for (long length = 0;
          length < content.length;
          length += file.toString().endsWith(".pack") ? 1500 : 37) {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
          out.truncate(length);
        }
        try (ChunkStore cut = Fixture.open(store)) {
          assertThat(cut.status().refused()).hasSize(1);
          for (long page = 1; page < 24; page++) {
            gives(cut, ANNA, page); // checks what it gives
          }
        }
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
          Disk.write(out, content, 0, content.length);
        }
        Files.setLastModifiedTime(file, modified);
      }
    }
  }

  /** What the child does until it is killed: one line for each thing that is finished. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) {
      try (ChunkStore store = Fixture.open(Path.of(args[0]), SMALL)) {
        for (long round = 1; ; round++) {
          checkpoint(store, WEB, ANNA, pages(1000 * round, 1000 * round + 5));
          System.out.println(round);
          remember(store, ANNA, pages(1000 * round + 100, 1000 * round + 110));
        }
      }
    }
  }

  @Test
  void aKilledProcessLosesNothingThatWasFinished() throws IOException, InterruptedException {
    Path store = folder.resolve("store");
    for (int kill = 0; kill < 3; kill++) {
      Process child =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  store.toString())
              .redirectErrorStream(true)
              .start();
      long last = 0;
      try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
        for (int lines = 0; lines < 5 + 7 * kill; lines++) {
          last = Long.parseLong(String.valueOf(out.readLine()));
        }
        child.toHandle().destroyForcibly(); // SIGKILL; unlike the process's own, leaves its output
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          last = line.matches("[0-9]+") ? Long.parseLong(line) : last;
        }
      }
      assertThat(child.waitFor()).isEqualTo(128 + 9);
      long round = last;
      try (ChunkStore reopened = Fixture.open(store, SMALL)) {
        assertThat(reopened.status().refused()).isEmpty();
        assertNoLeftovers(store);
        Fixture.assertBoundsKept(reopened, store);
        // The last one finished, unless the next was finished too and its line is lost.
        assertThat(
                gives(reopened, ANNA, 1000 * round) || gives(reopened, ANNA, 1000 * round + 1000))
            .as("round %d", round)
            .isTrue();
        assertThat(reopened.status().sources())
            .filteredOn(source -> source.kind() == SourceKind.CHECKPOINT)
            .hasSize(1);
        assertThat(reopened.verify().findings()).isEmpty();
      }
    }
  }
}
