package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.DiskFormat;
import io.drover.model.Owner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class BaseDigestsTest {
  private static final Clock LATER = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1));
  private static final Owner ALICE = new Owner("alice");
  private static final Owner BOB = new Owner("bob");

  @TempDir private Path folder;
  private final List<String> read = new ArrayList<>();

  private BaseDigests digests(Clock clock) {
    return new BaseDigests(this::content, Optional.of(folder.resolve("bases.json")), clock);
  }

  /** What a file holds is its digest. */
  private synchronized String content(BaseFiles image) throws IOException {
    read.add(image.uppermost().getFileName().toString());
    StringBuilder all = new StringBuilder();
    for (Path file : image.files()) {
      all.append(Files.readString(file)).append(' ');
    }
    return all.toString().strip();
  }

  private BaseFiles image(String name, String content) throws IOException {
    return new BaseFiles(List.of(Files.writeString(folder.resolve(name), content)), DiskFormat.RAW);
  }

  @Test
  void anImageThatStaysAsItIsIsReadOnce() throws IOException {
    BaseFiles image = image("a.img", "one");
    BaseDigests digests = digests(LATER);
    assertThat(digests.known(image)).isEmpty();
    assertThat(digests.of(image).join()).isEqualTo("one");
    assertThat(digests.of(image).join()).isEqualTo("one");
    assertThat(digests.known(image)).contains("one");
    assertThat(read).hasSize(1);
  }

  @Test
  void anImageThatWasWrittenToIsReadAgain() throws IOException {
    BaseFiles image = image("a.img", "one");
    BaseDigests digests = digests(LATER);
    assertThat(digests.of(image).join()).isEqualTo("one");
    BaseFiles _ = image("a.img", "two");
    assertThat(digests.known(image)).isEmpty();
    assertThat(digests.of(image).join()).isEqualTo("two");
  }

  @Test
  void aTimeOfModificationThatSomebodySetBackHidesNothing() throws IOException {
    BaseFiles image = image("a.img", "one");
    FileTime before = Files.getLastModifiedTime(image.uppermost());
    BaseDigests digests = digests(LATER);
    assertThat(digests.of(image).join()).isEqualTo("one");
    BaseFiles _ = image("a.img", "two");
    Files.setLastModifiedTime(image.uppermost(), before);
    assertThat(digests.of(image).join()).isEqualTo("two");
  }

  @Test
  void anotherFileInItsPlaceIsReadAgain() throws IOException {
    BaseFiles image = image("a.img", "one");
    BaseDigests digests = digests(LATER);
    assertThat(digests.of(image).join()).isEqualTo("one");
    BaseFiles other = image("b.img", "two");
    Files.setLastModifiedTime(other.uppermost(), Files.getLastModifiedTime(image.uppermost()));
    Path _ = Files.move(other.uppermost(), image.uppermost(), StandardCopyOption.REPLACE_EXISTING);
    assertThat(digests.of(image).join()).isEqualTo("two");
  }

  @Test
  void aLayerFurtherBelowThatChangesCountsToo() throws IOException {
    Path low = Files.writeString(folder.resolve("low"), "low");
    BaseFiles chain =
        new BaseFiles(
            List.of(Files.writeString(folder.resolve("mid"), "mid"), low), DiskFormat.QCOW2);
    BaseDigests digests = digests(LATER);
    assertThat(digests.of(chain).join()).isEqualTo("mid low");
    Path _ = Files.writeString(low, "deep");
    assertThat(digests.known(chain)).isEmpty();
    assertThat(digests.of(chain).join()).isEqualTo("mid deep");
  }

  @Test
  void anotherFormatIsAnotherImage() throws IOException {
    BaseFiles raw = image("a.img", "one");
    BaseDigests digests = digests(LATER);
    assertThat(digests.of(raw).join()).isEqualTo("one");
    assertThat(digests.known(new BaseFiles(raw.files(), DiskFormat.QCOW2))).isEmpty();
  }

  @Test
  void whatChangedAMomentAgoMayChangeOnceMoreUnseenAndIsNotRemembered() throws IOException {
    BaseFiles image = image("a.img", "one");
    BaseDigests digests = digests(Clock.systemUTC());
    assertThat(digests.of(image).join()).isEqualTo("one");
    assertThat(digests.known(image)).isEmpty();
  }

  @Test
  void anImageThatChangesWhileItIsReadHasNone() throws IOException {
    BaseFiles image = image("a.img", "one");
    BaseDigests digests =
        new BaseDigests(
            being -> {
              String content = Files.readString(being.uppermost());
              Path _ = Files.writeString(being.uppermost(), "twelve");
              return content;
            },
            Optional.empty(),
            LATER);
    assertThatThrownBy(() -> digests.of(image).get())
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("changed while");
    assertThat(digests.known(image)).isEmpty();
  }

  @Test
  void whoAsksTwiceWhileItIsReadHasItReadOnce() throws IOException {
    BaseFiles image = image("a.img", "one");
    CountDownLatch asked = new CountDownLatch(1);
    BaseDigests digests =
        new BaseDigests(
            being -> {
              try {
                asked.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return content(being);
            },
            Optional.empty(),
            LATER);
    var first = digests.of(image);
    var second = digests.of(image);
    asked.countDown();
    assertThat(first.join()).isEqualTo(second.join());
    assertThat(read).hasSize(1);
  }

  @Test
  void theNextAgentKnowsWhatThisOneRead() throws IOException {
    BaseFiles image = image("a.img", "one");
    BaseDigests digests = digests(LATER);
    assertThat(digests.of(image).join()).isEqualTo("one");
    digests.offer(image, BOB);
    digests.offer(image, ALICE);
    BaseDigests next = digests(LATER);
    assertThat(next.known(image)).contains("one");
    assertThat(next.offeredTo(ALICE)).containsExactly(image);
    assertThat(next.offeredTo(BOB)).containsExactly(image);
    assertThat(next.offeredTo(Owner.NOBODY)).isEmpty();
  }

  @Test
  void aDamagedMemoryIsNone() throws IOException {
    BaseFiles image = image("a.img", "one");
    assertThat(digests(LATER).of(image).join()).isEqualTo("one");
    Path _ = Files.writeString(folder.resolve("bases.json"), "{\"bases\":[{\"stamps\":[]}]}");
    BaseDigests next = digests(LATER);
    assertThat(next.known(image)).isEmpty();
    assertThat(next.of(image).join()).isEqualTo("one");
  }

  @Test
  void anImageThatIsGoneIsForgotten() throws IOException {
    BaseFiles gone = image("a.img", "one");
    BaseDigests digests = digests(LATER);
    assertThat(digests.of(gone).join()).isEqualTo("one");
    digests.offer(gone, ALICE);
    Files.delete(gone.uppermost());
    assertThat(digests.of(image("b.img", "two")).join()).isEqualTo("two");
    assertThat(digests.known(gone)).isEmpty();
    assertThat(digests.offeredTo(ALICE)).isEmpty();
    assertThatThrownBy(() -> digests.of(gone).get()).isInstanceOf(ExecutionException.class);
  }
}
