package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JournalTest {
  private static final Set<String> KINDS = Set.of("guests", "migrations");

  @TempDir Path directory;

  @Test
  void givesBackWhatWasWrittenAndForgetsWhatWasDeleted() {
    Journal journal = Journal.open(directory);
    journal.write("guests/web", "{\"a\":1}");
    journal.write("guests/web", "{\"a\":2}");
    journal.write("migrations/m0000000000", "{\"ü\":\"→\"}");
    journal.write("guests/old", "{}");
    journal.delete("guests/old");
    journal.delete("guests/never-there");

    Journal.Contents contents = Journal.open(directory).load(KINDS);

    assertThat(contents.documents())
        .isEqualTo(Map.of("guests/web", "{\"a\":2}", "migrations/m0000000000", "{\"ü\":\"→\"}"));
    assertThat(contents.unreadable()).isEmpty();
  }

  @Test
  void whatIsNotOfTheJournalIsNeitherReadNorChanged() throws IOException {
    Journal.open(directory).write("guests/web", "{}");
    Path store = Files.createDirectories(directory.resolve("store"));
    Path theirs = Files.writeString(store.resolve("bases.json"), "{\"bases\":[]}");
    Path half = Files.writeString(store.resolve("bases.json.tmp"), "{");
    Journal.Contents contents = Journal.open(directory).load(KINDS);
    assertThat(contents.unreadable()).isEmpty();
    assertThat(contents.documents()).containsOnlyKeys("guests/web");
    assertThat(theirs).exists();
    assertThat(half).exists();
  }

  @ParameterizedTest
  @EnumSource(Journal.Step.class)
  void holdsTheOldOrTheNewDocumentAfterACrashAtAnyStep(Journal.Step crash) {
    Journal.open(directory).write("guests/web", "{\"old\":1}");
    Journal crashing =
        Journal.open(
            directory,
            step -> {
              if (step == crash) {
                throw new SimulatedCrash();
              }
            });
    assertThatThrownBy(() -> crashing.write("guests/web", "{\"new\":1}"))
        .isInstanceOf(SimulatedCrash.class);

    Journal.Contents contents = Journal.open(directory).load(KINDS);

    boolean moved = crash.compareTo(Journal.Step.MOVED) >= 0;
    assertThat(contents.documents())
        .isEqualTo(Map.of("guests/web", moved ? "{\"new\":1}" : "{\"old\":1}"));
    assertThat(contents.unreadable()).isEmpty();
    assertThat(filesIn("guests")).containsExactly("web.json");
  }

  @Test
  void noticesEveryTruncationAndKeepsTheFileUntouched() throws IOException {
    Journal.open(directory).write("guests/web", "{\"name\":\"web\"}");
    Path file = directory.resolve("guests/web.json");
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      Files.write(file, part);

      Journal.Contents contents = Journal.open(directory).load(KINDS);

      assertThat(contents.documents()).as("cut to %d bytes", length).isEmpty();
      assertThat(contents.damaged()).containsExactly("guests/web");
      assertThat(file).hasBinaryContent(part);
    }
  }

  @Test
  void noticesEveryFlippedBit() throws IOException {
    Journal.open(directory).write("guests/web", "{\"name\":\"web\"}");
    Path file = directory.resolve("guests/web.json");
    byte[] whole = Files.readAllBytes(file);
    for (int bit = 0; bit < whole.length * 8; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(file, flipped);

      assertThat(Journal.open(directory).load(KINDS).damaged())
          .as("bit %d", bit)
          .containsExactly("guests/web");
    }
  }

  @Test
  void noticesRandomRubbish() throws IOException {
    Journal.open(directory).write("guests/web", "{}");
    Path file = directory.resolve("guests/web.json");
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      byte[] rubbish = new byte[random.nextInt(300)];
      random.nextBytes(rubbish);
      Files.write(file, rubbish);

      assertThat(Journal.open(directory).load(KINDS).damaged()).as("seed %d", seed).hasSize(1);
    }
  }

  @Test
  void readsTheOthersAndRefusesToTouchTheDamagedOne() throws IOException {
    Journal journal = Journal.open(directory);
    journal.write("guests/web", "{}");
    journal.write("guests/db", "{}");
    Path file = directory.resolve("guests/web.json");
    Files.writeString(file, "half");

    Journal.Contents contents = journal.load(KINDS);

    assertThat(contents.documents()).containsOnlyKeys("guests/db");
    assertThat(contents.unreadable())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.message()).contains("guests/web", file.toString());
              assertThat(problem.remedy()).contains("move the file away");
            });
    assertThatThrownBy(() -> journal.write("guests/web", "{}"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("guests/web");
    assertThatThrownBy(() -> journal.delete("guests/web")).isInstanceOf(ProblemException.class);
    assertThat(file).hasContent("half");
  }

  @Test
  void saysThatADirectoryCannotBeUsed() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> Journal.open(file.resolve("journal")))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().kind()).isEqualTo(Problem.Kind.HOST));
  }

  @Test
  void saysThatADocumentCannotBeWritten() throws IOException {
    Journal journal = Journal.open(directory);
    Files.createFile(directory.resolve("guests"));

    assertThatThrownBy(() -> journal.write("guests/web", "{}"))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().code()).isEqualTo("journal-unwritable"));
  }

  @Test
  void takesNoKeyThatLeadsElsewhere() {
    Journal journal = Journal.open(directory);
    for (String key : new String[] {"../x/y", "guests/../../x", "guests", "/a/b", "guests/.x"}) {
      assertThatThrownBy(() -> journal.write(key, "{}")).isInstanceOf(IllegalStateException.class);
    }
  }

  private Stream<String> filesIn(String kind) {
    String[] names = directory.resolve(kind).toFile().list();
    return names == null ? Stream.empty() : Arrays.stream(names);
  }

  private static final class SimulatedCrash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
