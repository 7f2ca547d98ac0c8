package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.DiskFormat;
import io.drover.model.Owner;
import io.drover.wire.PeerMessage.BaseFile;
import io.drover.wire.PeerMessage.BaseImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class BaseImagesTest {
  private static final Owner ALICE = new Owner("alice");
  private static final Owner BOB = new Owner("bob");
  private static final String WANTED = "f".repeat(1024);
  private static final String DIGEST = "f".repeat(64);

  @TempDir private Path folder;
  private final List<String> read = new ArrayList<>();
  private final CountDownLatch readingMayEnd = new CountDownLatch(1);
  private Duration patience = Duration.ofSeconds(20);
  private boolean readingTakesLong;

  /** Of files that hold one letter again and again. */
  private final BaseDigests digests =
      new BaseDigests(
          this::content, Optional.empty(), Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1)));

  private String content(BaseFiles image) throws IOException {
    synchronized (read) {
      read.add(image.uppermost().getFileName().toString());
    }
    try {
      if (readingTakesLong) {
        readingMayEnd.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Files.readString(image.uppermost()).substring(0, 64);
  }

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private BaseImages images(Map<Owner, List<Path>> indexed, Set<Path> written) {
    return new BaseImages(
        digests, owner -> indexed.getOrDefault(owner, List.of()), written::contains, patience);
  }

  private BaseImages images(Path... indexed) {
    return images(Map.of(ALICE, List.of(indexed)), Set.of());
  }

  private static BaseImage wanted(String name) {
    return new BaseImage(name, 1024, 4096, Optional.of(DIGEST));
  }

  private static BaseImages.Search find(BaseImages images) {
    return images.find(wanted("base.img"), ALICE, Optional.empty());
  }

  private static BaseImages.Search found(Path image) {
    return new BaseImages.Search.Found(new BaseFile(image.toString(), DiskFormat.RAW));
  }

  private static String reason(BaseImages.Search search) {
    assertThat(search).isInstanceOf(BaseImages.Search.Nothing.class);
    return ((BaseImages.Search.Nothing) search).reason();
  }

  @Test
  void theSameContentIsFoundUnderAnotherName() throws IOException {
    Path other = file("debian.raw", WANTED);
    assertThat(find(images(file("base.img", "e".repeat(1024)), other))).isEqualTo(found(other));
  }

  @Test
  void theSameNameWithOtherContentIsNotFound() throws IOException {
    assertThat(reason(find(images(file("base.img", "e".repeat(1024))))))
        .isEqualTo("no image there holds what its base base.img does");
  }

  @Test
  void oneThatIsShorterOrLongerIsNotEvenRead() throws IOException {
    BaseImages images =
        images(file("short.img", "f".repeat(512)), file("long.img", "f".repeat(1536)));
    assertThat(reason(find(images))).contains("no image there");
    assertThat(read).isEmpty();
  }

  @Test
  void oneThatChangedSinceItWasReadIsReadAgain() throws IOException {
    Path image = file("a.img", WANTED);
    BaseImages images = images(image);
    assertThat(find(images)).isEqualTo(found(image));
    Path _ = file("a.img", "e".repeat(1024));
    assertThat(reason(find(images))).contains("no image there");
    assertThat(read).hasSize(2);
  }

  @Test
  void oneThatSomebodyWritesToIsLeftOut() throws IOException {
    Path image = file("a.img", WANTED);
    assertThat(reason(find(images(Map.of(ALICE, List.of(image)), Set.of(image)))))
        .contains(image + " was left out, for it is written to");
    assertThat(read).isEmpty();
  }

  @Test
  void anotherOwnersImageIsNotLookedAt() throws IOException {
    BaseImages images = images(Map.of(BOB, List.of(file("a.img", WANTED))), Set.of());
    assertThat(reason(find(images))).contains("no image there");
    assertThat(read).isEmpty();
  }

  @Test
  void imagesOfTheFolderCountOnlyWhereTheyAreToCount() throws IOException {
    Path image = file("a.img", WANTED);
    assertThat(reason(find(images()))).contains("no image there");
    assertThat(images().find(wanted("base.img"), ALICE, Optional.of(folder)))
        .isEqualTo(found(image));
  }

  @Test
  void whatAGuestOfThatOwnerWasBasedOnIsFoundAsLongAsItStaysAsItIs() throws IOException {
    Path image = file("a.img", WANTED);
    BaseImages images = images();
    images.offer(new BaseFiles(List.of(image), DiskFormat.RAW), ALICE);
    assertThat(digests.of(new BaseFiles(List.of(image), DiskFormat.RAW)).join()).isEqualTo(DIGEST);
    awaitOffer();
    assertThat(find(images)).isEqualTo(found(image));
    assertThat(reason(images.find(wanted("base.img"), BOB, Optional.empty())))
        .contains("no image there");
    Path _ = file("a.img", WANTED + WANTED);
    assertThat(reason(find(images))).contains("no image there");
  }

  private void awaitOffer() {
    while (digests.offeredTo(ALICE).isEmpty()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void oneThatTakesLongToReadIsWaitedForALittleAndIsKnownTheNextTime() throws IOException {
    Path image = file("a.img", WANTED);
    patience = Duration.ofMillis(1);
    readingTakesLong = true;
    BaseImages images = images(image);
    assertThat(reason(find(images)))
        .isEqualTo(image + ", which may hold the same, is still being read there");
    readingMayEnd.countDown();
    assertThat(digests.of(new BaseFiles(List.of(image), DiskFormat.RAW)).join()).isEqualTo(DIGEST);
    assertThat(find(images)).isEqualTo(found(image));
  }

  @Test
  void indexedImagesAreReadAhead() throws IOException {
    Path image = file("a.img", WANTED);
    images(image).prepare(image);
    assertThat(read).containsExactly("a.img");
    assertThat(find(images(image))).isEqualTo(found(image));
    assertThat(read).hasSize(1);
  }

  @Test
  void whatTheSourceHasNotReadIsWorthReadingOnlyWhereThereIsOneOfThatSize() throws IOException {
    BaseImage unread = new BaseImage("base.img", 1024, 4096, Optional.empty());
    assertThat(images().find(unread, ALICE, Optional.empty()))
        .isInstanceOf(BaseImages.Search.Nothing.class);
    assertThat(images(file("a.img", "e".repeat(1024))).find(unread, ALICE, Optional.empty()))
        .isInstanceOf(BaseImages.Search.Unread.class);
    assertThat(read).isEmpty();
  }
}
