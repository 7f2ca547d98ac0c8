package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real full disk, a real read-only one, and a real kill -9. */
@Tag("real")
class JournalIT {
  private static final Set<String> KINDS = Set.of("guests", "migrations");

  @TempDir Path directory;

  @Test
  void saysThatTheDiskIsFullAndKeepsWhatItHad() throws Exception {
    try (Mount mount = new Mount("size=64k")) {
      Journal journal = Journal.open(mount.path);
      journal.write("guests/web", "{\"old\":1}");

      assertThatThrownBy(() -> journal.write("guests/web", "\"" + "x".repeat(100_000) + "\""))
          .isInstanceOfSatisfying(
              ProblemException.class,
              e -> assertThat(e.problem().kind()).isEqualTo(Problem.Kind.FULL));
      assertThat(Journal.open(mount.path).load(KINDS).documents())
          .containsEntry("guests/web", "{\"old\":1}");
      journal.write("guests/web", "{\"new\":1}");
    }
  }

  @Test
  void saysThatTheDiskIsReadOnlyAndStillReads() throws Exception {
    try (Mount mount = new Mount("size=64k")) {
      Journal journal = Journal.open(mount.path);
      journal.write("guests/web", "{}");
      mount.remountReadOnly();

      assertThatThrownBy(() -> journal.write("guests/web", "{\"new\":1}"))
          .isInstanceOfSatisfying(
              ProblemException.class,
              e -> assertThat(e.problem().code()).isEqualTo("journal-unwritable"));
      assertThat(Journal.open(mount.path).load(KINDS).documents())
          .containsEntry("guests/web", "{}");
    }
  }

  @Test
  void survivesKillsAtRandomInstants() throws Exception {
    long highest = 0;
    for (int round = 0; round < 8; round++) {
      Process writer =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  directory.toString(),
                  Long.toString(highest))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      long promised = highest;
      try (var lines = writer.inputReader()) {
        long stopAfter = highest + 20 + 37L * round;
        String line = lines.readLine();
        while (line != null && promised < stopAfter) {
          promised = Long.parseLong(line);
          line = lines.readLine();
        }
        writer.destroyForcibly();
        for (line = lines.readLine(); line != null; line = lines.readLine()) {
          if (!line.isEmpty()) {
            promised = Math.max(promised, promisedOf(line, promised));
          }
        }
      } catch (IOException streamClosedByKill) {
        writer.destroyForcibly();
      }
      assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();

      Journal.Contents contents = Journal.open(directory).load(KINDS);

      assertThat(contents.unreadable()).isEmpty();
      long found = Long.parseLong(contents.documents().getOrDefault("guests/web", "-1"));
      assertThat(found).isGreaterThanOrEqualTo(promised);
      highest = found;
    }
    assertThat(highest).isGreaterThan(100);
  }

  /** A last line may be cut short by the kill, which only makes its number smaller. */
  private static long promisedOf(String line, long otherwise) {
    return line.matches("[0-9]+") ? Long.parseLong(line) : otherwise;
  }

  /** Writes ever greater numbers and says each once it is promised. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) {
      Journal journal = Journal.open(Path.of(arguments[0]));
      journal.load(KINDS);
      for (long number = Long.parseLong(arguments[1]) + 1; ; number++) {
        journal.write("guests/web", Long.toString(number));
        System.out.println(number);
      }
    }
  }

  private static final class Mount implements AutoCloseable {
    private final Path path = Files.createTempDirectory("drover-journal-disk");

    Mount(String options) throws IOException {
      run("mount", "-t", "tmpfs", "-o", options, "drover-test", path.toString());
    }

    void remountReadOnly() throws IOException {
      run("mount", "-o", "remount,ro", path.toString());
    }

    @Override
    public void close() throws IOException {
      run("umount", path.toString());
      Files.delete(path);
    }

    private static void run(String... command) throws IOException {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(new File("/dev/null"))
              .start();
      assertThat(process.onExit().join().exitValue()).as("%s (as root)", List.of(command)).isZero();
    }
  }
}
