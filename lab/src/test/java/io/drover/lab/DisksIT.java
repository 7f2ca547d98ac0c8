package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.GuestSpec;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Moves of guests whose disks are on one host only. */
@Tag("real")
class DisksIT {
  private static final long MEBIBYTE = 1 << 20;

  /** What the images that others are based on take of a disk. */
  private static final long BASE_BYTES = 12 * MEBIBYTE;

  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() throws IOException {
    up = Optional.of(Fleet.up("it-disks"));
    for (String host : List.of(Fleet.ALPHA, Fleet.BETA)) {
      Files.createDirectories(folder(host));
    }
  }

  @AfterAll
  static void end() {
    up.ifPresent(Fleet::close);
  }

  @AfterEach
  void reset() throws IOException {
    fleet().reset();
    for (String host : List.of(Fleet.ALPHA, Fleet.BETA)) {
      for (Path image : images(host)) {
        Files.delete(image);
      }
    }
  }

  private static Fleet fleet() {
    return up.orElseThrow();
  }

  private static Path folder(String host) {
    return fleet().lab().runFolder(host).resolve("disks");
  }

  private static List<Path> images(String host) throws IOException {
    return files(folder(host));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static Path image(String host, String name) {
    return folder(host).resolve(name);
  }

  private static GuestSpec.DiskSpec raw(String host, String name, long mebibytes)
      throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image(host, name).toFile(), "rw")) {
      file.setLength(mebibytes * MEBIBYTE);
    }
    return new GuestSpec.DiskSpec("/run/disks/" + name, "raw", Optional.of("serial-" + name));
  }

  private static GuestSpec.DiskSpec qcow2(String host, String name, long mebibytes) {
    String _ =
        Programs.run(
            List.of(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                image(host, name).toString(),
                mebibytes + "M"));
    return new GuestSpec.DiskSpec("/run/disks/" + name, "qcow2", Optional.empty());
  }

  @Test
  void aDiskUnderVerifiedWritesMovesThereAndBackInEveryMode() throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(raw(Fleet.ALPHA, "a.img", 64)), "32,2");
    for (String mode : List.of("precopy", "postcopy", "hybrid", "auto", "cold")) {
      MigrationView view = guest.move(mode);
      assertThat(view.phases()).as(mode).anyMatch(phase -> phase.phase().equals("disks"));
      assertThat(images(guest.host())).containsExactly(image(guest.host(), "a.img"));
      assertThat(images(guest.elsewhere())).isEmpty();
      guest.assertDisksRemember();
      guest.assertWell();
    }
  }

  @Test
  void twoDisksOfBothFormatsMoveTogether() throws IOException {
    Traveller guest =
        fleet()
            .boot(
                Fleet.ALPHA,
                List.of(qcow2(Fleet.ALPHA, "a.qcow2", 96), raw(Fleet.ALPHA, "b.img", 48)),
                "24,1");
    for (String mode : List.of("precopy", "postcopy")) {
      guest.move(mode);
      guest.assertDisksRemember();
      guest.assertWell();
      assertThat(images(guest.host())).hasSize(2);
      assertThat(images(guest.elsewhere())).isEmpty();
      // What no guest ever wrote takes no room.
      assertThat(allocated(image(guest.host(), "a.qcow2"))).isLessThan(40 * MEBIBYTE);
    }
  }

  private static long allocated(Path file) {
    String blocks =
        Programs.attempt(List.of("stat", "-c", "%b", file.toString()), "", Duration.ofSeconds(10))
            .output();
    return Long.parseLong(blocks.strip()) * 512;
  }

  @Test
  void theImageAtTheTargetIsTheSourcesByteForByteAndTheSourcesIsKeptAsideIfAskedFor()
      throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(raw(Fleet.ALPHA, "a.img", 64)), "32,5");
    guest.assertDisksRemember();
    MigrationView view = moveStandingStillAndKeep(guest);
    assertThat(images(Fleet.ALPHA)).containsExactly(image(Fleet.ALPHA, "a.img.moved-" + view.id()));
    assertThat(Files.mismatch(images(Fleet.ALPHA).getFirst(), image(Fleet.BETA, "a.img")))
        .isEqualTo(-1);
    fleet().agent(Fleet.BETA).resumeGuest(guest.name());
    guest.assertDisksRemember();
    guest.assertWell();
  }

  /** What is at both hosts afterwards can be compared. */
  private static MigrationView moveStandingStillAndKeep(Traveller guest) {
    fleet().agent(guest.host()).pauseGuest(guest.name());
    return guest.move(
        MigrationRequest.of(guest.name(), guest.elsewhere())
            .withMode("precopy")
            .withStorage("keep"));
  }

  @Test
  void anImageThatIsBasedOnAnotherArrivesWholeAndOnItsOwn() throws IOException {
    GuestSpec.DiskSpec base = raw(Fleet.ALPHA, "base.img", 64);
    byte[] bytes = new byte[(int) (8 * MEBIBYTE)];
    new Random(5).nextBytes(bytes);
    try (RandomAccessFile file =
        new RandomAccessFile(image(Fleet.ALPHA, "base.img").toFile(), "rw")) {
      file.seek(50 * MEBIBYTE);
      file.write(bytes);
    }
    String _ =
        fleet()
            .lab()
            .node(Fleet.ALPHA)
            .run(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-b",
                base.path(),
                "-F",
                "raw",
                "/run/disks/top.qcow2");
    Traveller guest =
        fleet()
            .boot(
                Fleet.ALPHA,
                List.of(new GuestSpec.DiskSpec("/run/disks/top.qcow2", "qcow2", Optional.empty())),
                "24,2");
    guest.assertDisksRemember();
    MigrationView view = moveStandingStillAndKeep(guest);
    assertThat(images(Fleet.BETA)).containsExactly(image(Fleet.BETA, "top.qcow2"));
    Path there = flat(Fleet.BETA, "top.qcow2");
    Path here = flat(Fleet.ALPHA, "top.qcow2.moved-" + view.id());
    assertThat(Files.mismatch(here, there)).isEqualTo(-1);
    Files.delete(here);
    Files.delete(there);
    fleet().agent(Fleet.BETA).resumeGuest(guest.name());
    guest.assertDisksRemember();
    guest.assertWell();
  }

  /** What a guest reads from an image. */
  private static Path flat(String host, String name) {
    String _ =
        fleet()
            .lab()
            .node(host)
            .run(
                "qemu-img",
                "convert",
                "-U",
                "-O",
                "raw",
                "/run/disks/" + name,
                "/run/disks/flat.img");
    return image(host, "flat.img");
  }

  /** An image of 64 MiB with something at its beginning and further on. */
  private static void base(String host, String name, long seed) throws IOException {
    GuestSpec.DiskSpec _ = raw(host, name, 64);
    byte[] bytes = new byte[(int) (8 * MEBIBYTE)];
    new Random(seed).nextBytes(bytes);
    try (RandomAccessFile file = new RandomAccessFile(image(host, name).toFile(), "rw")) {
      file.write(bytes, 0, (int) (4 * MEBIBYTE));
      file.seek(50 * MEBIBYTE);
      file.write(bytes);
    }
  }

  /** An image at alpha that is larger than its base. */
  private static GuestSpec.DiskSpec based(String name, String base, String format) {
    String _ =
        fleet()
            .lab()
            .node(Fleet.ALPHA)
            .run(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                // Less than what a mirror copies at once.
                "cluster_size=4k",
                "-b",
                "/run/disks/" + base,
                "-F",
                format,
                "/run/disks/" + name,
                "80M");
    return new GuestSpec.DiskSpec("/run/disks/" + name, "qcow2", Optional.empty());
  }

  /** Covers parts of the base by zeroes, and some of it by bytes, in all ways that there are. */
  private static void cover(String name) {
    String _ =
        fleet()
            .lab()
            .node(Fleet.ALPHA)
            .run(
                "qemu-io",
                "-f",
                "qcow2",
                "-d",
                "unmap",
                "-c",
                "write -z 51M 1M",
                "-c",
                "write -z -u 52540k 12k",
                "-c",
                "discard 53M 512k",
                "-c",
                "discard 55000k 8k",
                "-c",
                "write -P 9 57M 4k",
                "-c",
                "write -P 9 70M 100k",
                "/run/disks/" + name);
  }

  private static void assertSame(MigrationView kept, String name) throws IOException {
    Path here = flat(Fleet.ALPHA, name + ".moved-" + kept.id());
    Path there = flat(Fleet.BETA, name);
    assertThat(Files.mismatch(here, there)).isEqualTo(-1);
    Files.delete(here);
    Files.delete(there);
  }

  private static MigrationView.LayersView layers(MigrationView view) {
    List<MigrationView.LayersView> layers = view.disks().orElseThrow().layers();
    assertThat(layers).hasSize(1);
    return layers.getFirst();
  }

  private static void assertBased(MigrationView view, String base) {
    assertThat(layers(view).layout())
        .as("%s", layers(view))
        .isEqualTo(MigrationView.LayersView.BASED);
    assertThat(layers(view).base()).contains(base);
    assertThat(layers(view).sparedBytes()).isGreaterThan(BASE_BYTES / 2);
  }

  private static String backing(String host, String name) {
    return fleet()
        .lab()
        .node(host)
        .run("qemu-img", "info", "-U", "--output=json", "/run/disks/" + name);
  }

  @Test
  void aDiskIsBasedOnAnImageOfTheSameContentWhateverItIsCalledAndFindsItsOwnWhenItReturns()
      throws IOException {
    base(Fleet.ALPHA, "base.img", 5);
    base(Fleet.BETA, "debian.raw", 5);
    // Its name says nothing.
    base(Fleet.BETA, "base.img", 6);
    fleet().index(Fleet.BETA, "/run/disks/base.img");
    fleet().index(Fleet.BETA, "/run/disks/debian.raw");
    GuestSpec.DiskSpec disk = based("top.qcow2", "base.img", "raw");
    cover("top.qcow2");
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(disk), "24,2");
    guest.assertDisksRemember();
    assertThat(
            fleet()
                .agent(Fleet.ALPHA)
                .check(MigrationRequest.of(guest.name(), Fleet.BETA))
                .checks())
        .anyMatch(check -> check.finding().contains("would be based on /run/disks/debian.raw"));
    MigrationView view = moveStandingStillAndKeep(guest);
    assertBased(view, "/run/disks/debian.raw");
    assertThat(backing(Fleet.BETA, "top.qcow2"))
        .contains("\"backing-filename\": \"/run/disks/debian.raw\"")
        .contains("\"backing-filename-format\": \"raw\"");
    assertThat(images(Fleet.BETA))
        .containsExactlyInAnyOrder(
            image(Fleet.BETA, "base.img"),
            image(Fleet.BETA, "debian.raw"),
            image(Fleet.BETA, "top.qcow2"));
    assertSame(view, "top.qcow2");
    fleet().agent(Fleet.BETA).resumeGuest(guest.name());
    guest.assertDisksRemember();
    guest.assertWell();

    for (String mode : List.of("precopy", "postcopy", "hybrid")) {
      String base =
          guest.host().equals(Fleet.BETA) ? "/run/disks/base.img" : "/run/disks/debian.raw";
      assertBased(guest.move(mode), base);
      assertThat(images(guest.elsewhere())).doesNotContain(image(guest.elsewhere(), "top.qcow2"));
      guest.assertDisksRemember();
      guest.assertWell();
    }
  }

  @Test
  void anImageOfTheSameNameWithOtherContentIsNoBase() throws IOException {
    base(Fleet.ALPHA, "base.img", 5);
    base(Fleet.BETA, "base.img", 6);
    fleet().index(Fleet.BETA, "/run/disks/base.img");
    GuestSpec.DiskSpec disk = based("top.qcow2", "base.img", "raw");
    cover("top.qcow2");
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(disk), "24,2");
    guest.assertDisksRemember();
    MigrationView refused =
        fleet()
            .awaitEnd(
                Fleet.ALPHA,
                guest
                    .begin(MigrationRequest.of(guest.name(), Fleet.BETA).withStorageChain("rebase"))
                    .id());
    assertThat(refused.problem().orElseThrow().code()).isEqualTo("target-disks");
    assertThat(images(Fleet.BETA)).containsExactly(image(Fleet.BETA, "base.img"));

    MigrationView view = moveStandingStillAndKeep(guest);
    assertThat(layers(view).layout()).isEqualTo(MigrationView.LayersView.FLATTENED);
    assertThat(layers(view).reason()).contains("no image there holds what its base base.img does");
    assertThat(backing(Fleet.BETA, "top.qcow2")).doesNotContain("backing-filename");
    assertSame(view, "top.qcow2");
    fleet().agent(Fleet.BETA).resumeGuest(guest.name());
    guest.assertDisksRemember();
    guest.assertWell();
  }

  @Test
  void anImageThatIsAnotherGuestsDiskIsNoBase() throws IOException {
    base(Fleet.ALPHA, "base.img", 5);
    base(Fleet.BETA, "theirs.img", 5);
    fleet().index(Fleet.BETA, "/run/disks/theirs.img");
    Traveller other =
        fleet()
            .boot(
                Fleet.BETA,
                List.of(new GuestSpec.DiskSpec("/run/disks/theirs.img", "raw", Optional.empty())),
                "");
    Traveller guest =
        fleet().boot(Fleet.ALPHA, List.of(based("top.qcow2", "base.img", "raw")), "24,2");
    MigrationView view = guest.move("precopy");
    assertThat(layers(view).layout()).isEqualTo(MigrationView.LayersView.FLATTENED);
    assertThat(layers(view).reason()).contains("/run/disks/theirs.img was left out");
    guest.assertDisksRemember();
    guest.assertWell();
    other.assertWell();
  }

  @Test
  void aChainIsKeptByCopyingAllThatIsBelowTheTopOnce() throws IOException {
    base(Fleet.ALPHA, "base.img", 5);
    GuestSpec.DiskSpec _ = based("mid.qcow2", "base.img", "raw");
    cover("mid.qcow2");
    List<Traveller> guests =
        Stream.of(
                based("top.qcow2", "mid.qcow2", "qcow2"),
                based("other.qcow2", "mid.qcow2", "qcow2"))
            .map(disk -> fleet().boot(Fleet.ALPHA, List.of(disk), "24,2"))
            .toList();
    Traveller guest = guests.getFirst();
    guest.assertDisksRemember();
    fleet().agent(Fleet.ALPHA).pauseGuest(guest.name());
    MigrationView view =
        guest.move(
            MigrationRequest.of(guest.name(), Fleet.BETA)
                .withMode("precopy")
                .withStorage("keep")
                .withStorageChain("keep"));
    assertThat(layers(view).layout()).isEqualTo(MigrationView.LayersView.BASE_COPIED);
    Path copy = image(Fleet.BETA, Path.of(layers(view).base().orElseThrow()).getFileName() + "");
    assertThat(copy.getFileName().toString()).matches("mid-[0-9a-f]{12}\\.raw");
    assertThat(images(Fleet.BETA)).containsExactlyInAnyOrder(copy, image(Fleet.BETA, "top.qcow2"));
    assertThat(Files.size(copy)).isEqualTo(80 * MEBIBYTE);
    assertThat(allocated(copy)).isLessThan(BASE_BYTES + MEBIBYTE);
    Path flat = flat(Fleet.ALPHA, "mid.qcow2");
    assertThat(Files.mismatch(flat, copy)).isEqualTo(-1);
    Files.delete(flat);
    assertSame(view, "top.qcow2");
    fleet().agent(Fleet.BETA).resumeGuest(guest.name());
    guest.assertDisksRemember();

    Traveller other = guests.getLast();
    MigrationView second =
        other.move(
            MigrationRequest.of(other.name(), Fleet.BETA)
                .withMode("precopy")
                .withStorageChain("keep"));
    assertBased(second, layers(view).base().orElseThrow());
    other.assertDisksRemember();
    for (Traveller returning : guests) {
      assertBased(returning.move("precopy"), "/run/disks/mid.qcow2");
      returning.assertDisksRemember();
      returning.assertWell();
    }
    assertThat(images(Fleet.BETA)).containsExactly(copy);
  }

  @Test
  void aBaseThatIsBeingCopiedGoesWithAMoveThatFails() throws IOException {
    base(Fleet.ALPHA, "base.img", 5);
    Traveller guest =
        fleet().boot(Fleet.ALPHA, List.of(based("top.qcow2", "base.img", "raw")), "24,2");
    for (String end : List.of("cancelled", "aborted")) {
      String id =
          guest
              .begin(
                  Fleet.limited(guest.name(), Fleet.BETA, "precopy", 1_000_000)
                      .withStorageChain("keep"))
              .id();
      awaitBaseSent(id, 500_000);
      assertThat(images(Fleet.BETA)).hasSize(2);
      if (end.equals("cancelled")) {
        fleet().agent(Fleet.ALPHA).cancelMigration(id);
      } else {
        fleet().killAgent(Fleet.BETA);
        fleet().startAgent(Fleet.BETA);
      }
      assertThat(fleet().awaitEnd(Fleet.ALPHA, id).outcome()).contains(end);
      fleet().until("the target's images are gone", () -> images(Fleet.BETA).isEmpty());
      guest.assertDisksRemember();
      guest.assertWell();
    }
    assertThat(
            layers(
                    guest.move(
                        MigrationRequest.of(guest.name(), Fleet.BETA)
                            .withMode("hybrid")
                            .withStorageChain("keep")))
                .layout())
        .isEqualTo(MigrationView.LayersView.BASE_COPIED);
    guest.assertDisksRemember();
    guest.assertWell();
  }

  @Test
  void aLinkThatIsCutWhileABaseIsCopiedIsASlowLink() throws IOException {
    base(Fleet.ALPHA, "base.img", 5);
    Traveller guest =
        fleet().boot(Fleet.ALPHA, List.of(based("top.qcow2", "base.img", "raw")), "24,2");
    fleet().agent(Fleet.ALPHA).pauseGuest(guest.name());
    String id =
        guest
            .begin(
                Fleet.limited(guest.name(), Fleet.BETA, "precopy", 4_000_000)
                    .withStorage("keep")
                    .withStorageChain("keep"))
            .id();
    awaitBaseSent(id, 2_000_000);
    fleet().lab().cut("beta.migration");
    Fleet.pause(12_000);
    fleet().lab().heal("beta.migration");
    unlimited(guest, id);
    MigrationView view = guest.arrived(id);
    assertSame(view, "top.qcow2");
    fleet().agent(Fleet.BETA).resumeGuest(guest.name());
    guest.assertDisksRemember();
    guest.assertWell();
  }

  @Test
  void ofADiskThatIsLikeAnImageAtTheTargetOnlyWhatDiffersCrosses() throws IOException {
    GuestSpec.DiskSpec disk = raw(Fleet.ALPHA, "a.img", 96);
    byte[] bytes = new byte[(int) (96 * MEBIBYTE)];
    Random random = new Random(7);
    random.nextBytes(bytes);
    Files.write(image(Fleet.BETA, "base.img"), bytes);
    long differing = 0;
    for (int block = 0; block < bytes.length / 4096; block++) {
      if (random.nextInt(10) == 0) {
        bytes[block * 4096 + random.nextInt(4096)]++;
        differing += 4096;
      }
    }
    Files.write(image(Fleet.ALPHA, "a.img"), bytes);
    fleet().index(Fleet.BETA, "/run/disks/base.img");
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(disk), "");
    fleet().agent(Fleet.ALPHA).pauseGuest(guest.name());
    MigrationView view = guest.move("precopy");
    assertThat(Files.mismatch(image(Fleet.BETA, "a.img"), write(bytes))).isEqualTo(-1);
    assertThat((double) diskBytes(view)).isLessThan(1.1 * differing);
    MigrationView.ContentView content =
        view.disks().flatMap(MigrationView.DisksView::content).orElseThrow();
    assertThat(content.namedBytes()).isEqualTo(bytes.length);
    assertThat(content.foundBytes()).isEqualTo(bytes.length - differing);
    fleet().agent(Fleet.BETA).resumeGuest(guest.name());
    guest.assertWell();

    fleet().agent(Fleet.BETA).pauseGuest(guest.name());
    MigrationView back =
        guest.move(Fleet.request(guest.name(), guest.elsewhere(), "precopy").withDedup("off"));
    assertThat(back.disks().flatMap(MigrationView.DisksView::content)).isEmpty();
    assertThat(diskBytes(back)).isGreaterThan(bytes.length);
    assertThat(Files.mismatch(image(Fleet.ALPHA, "a.img"), write(bytes))).isEqualTo(-1);
    fleet().agent(Fleet.ALPHA).resumeGuest(guest.name());
    guest.assertWell();
  }

  /** A file to compare with; removed with the images. */
  private static Path write(byte[] bytes) throws IOException {
    return Files.write(image(Fleet.ALPHA, "expected.img"), bytes);
  }

  private void awaitBaseSent(String id, long bytes) {
    fleet()
        .await(
            Fleet.ALPHA,
            id,
            "copy the base",
            view ->
                view.channels().stream()
                    .anyMatch(
                        channel ->
                            channel.channel().equals("base-0") && channel.sentBytes() > bytes));
  }

  private static long diskBytes(MigrationView view) {
    return view.channels().stream()
        .filter(channel -> channel.channel().equals("disk-0"))
        .mapToLong(MigrationView.ChannelBytes::sentBytes)
        .sum();
  }

  private static MigrationView slowly(Traveller guest, String mode) {
    MigrationView begun = guest.beginSlowly(mode);
    return fleet()
        .await(
            guest.host(),
            begun.id(),
            "copy its disks",
            view -> view.phase().equals("disks") && view.bytesSent() > 4_000_000);
  }

  private static void unlimited(Traveller guest, String id) {
    fleet()
        .agent(guest.host())
        .changeMigration(
            id, new MigrationChange(Optional.of(0L), Optional.empty(), Optional.empty()));
  }

  @Test
  void aCutLinkDuringTheCopyOfADiskGoesOnWhereItWas() throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(raw(Fleet.ALPHA, "a.img", 64)), "48,1");
    String id = slowly(guest, "precopy").id();
    fleet().lab().cut("beta.migration");
    Fleet.pause(12_000);
    fleet().lab().heal("beta.migration");
    fleet()
        .await(
            guest.host(),
            id,
            "connect again",
            view ->
                view.outcome().isPresent()
                    || view.channels().stream().anyMatch(channel -> channel.attempt() > 1));
    unlimited(guest, id);
    MigrationView view = guest.arrived(id);
    // What the guest wrote again meanwhile, and what was under way, but not all once more.
    assertThat(diskBytes(view)).isLessThan(48 * MEBIBYTE + 40 * MEBIBYTE);
    guest.assertDisksRemember();
    guest.assertWell();
  }

  @Test
  void aMoveThatIsCancelledWhileDisksAreCopiedLeavesNothing() throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(raw(Fleet.ALPHA, "a.img", 64)), "32,2");
    String id = slowly(guest, "auto").id();
    fleet().agent(Fleet.ALPHA).cancelMigration(id);
    assertThat(fleet().awaitEnd(Fleet.ALPHA, id).outcome()).contains("cancelled");
    assertStays(guest);
    guest.move("precopy");
    guest.assertDisksRemember();
    guest.assertWell();
  }

  private static void assertStays(Traveller guest) throws IOException {
    fleet().until("the target's images are gone", () -> images(guest.elsewhere()).isEmpty());
    assertThat(images(guest.host())).hasSize(1);
    guest.assertDisksRemember();
    guest.assertWell();
  }

  @Test
  void aTargetThatDiesWhileDisksAreCopiedLeavesNothing() throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(raw(Fleet.ALPHA, "a.img", 64)), "32,2");
    String id = slowly(guest, "precopy").id();
    fleet().hypervisors(Fleet.BETA).forEach(ProcessIdentity::kill);
    assertThat(fleet().awaitEnd(Fleet.ALPHA, id).outcome()).contains("aborted");
    assertStays(guest);
  }

  @Test
  void agentsKilledWhileDisksAreCopiedLeaveNothing() throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(raw(Fleet.ALPHA, "a.img", 64)), "32,2");
    for (String killed : List.of(Fleet.BETA, Fleet.ALPHA)) {
      String id = slowly(guest, "precopy").id();
      fleet().killAgent(killed);
      fleet().startAgent(killed);
      assertThat(fleet().awaitEnd(Fleet.ALPHA, id).outcome()).contains("aborted");
      assertStays(guest);
    }
    guest.move("hybrid");
    guest.assertDisksRemember();
    guest.assertWell();
  }

  @Test
  void aTargetWithoutRoomOrWithAnotherFileOfThatNameIsRefused() throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA, List.of(raw(Fleet.ALPHA, "a.img", 64)), "32,2");
    Files.writeString(image(Fleet.BETA, "a.img"), "somebody's");
    MigrationView refused = fleet().awaitEnd(Fleet.ALPHA, guest.begin("precopy").id());
    assertThat(refused.problem().orElseThrow().code()).isEqualTo("target-disks");
    assertThat(Files.readString(image(Fleet.BETA, "a.img"))).isEqualTo("somebody's");
    Files.delete(image(Fleet.BETA, "a.img"));
    String _ =
        fleet()
            .lab()
            .node(Fleet.BETA)
            .run("mount", "-t", "tmpfs", "-o", "size=8m", "small", "/run/disks");
    try {
      MigrationView full = fleet().awaitEnd(Fleet.ALPHA, guest.begin("precopy").id());
      assertThat(full.problem().orElseThrow().message()).contains("free");
    } finally {
      String _ = fleet().lab().node(Fleet.BETA).run("umount", "/run/disks");
    }
    assertStays(guest);
  }

  @Test
  void aDiskOnStorageThatBothHostsShareIsNotCopied() throws IOException {
    Path shared = Files.createTempDirectory("drover-shared");
    try (RandomAccessFile file = new RandomAccessFile(shared.resolve("s.img").toFile(), "rw")) {
      file.setLength(48 * MEBIBYTE);
    }
    Traveller guest =
        fleet()
            .boot(
                Fleet.ALPHA,
                List.of(
                    new GuestSpec.DiskSpec(
                        shared.resolve("s.img").toString(), "raw", Optional.empty())),
                "24,2");
    for (String mode : List.of("precopy", "postcopy")) {
      MigrationView view = guest.move(mode);
      assertThat(view.phases()).noneMatch(phase -> phase.phase().equals("disks"));
      guest.assertDisksRemember();
      guest.assertWell();
    }
    MigrationView refused =
        fleet()
            .awaitEnd(
                guest.host(),
                guest
                    .begin(MigrationRequest.of(guest.name(), guest.elsewhere()).withStorage("move"))
                    .id());
    assertThat(refused.problem().orElseThrow().code()).isEqualTo("target-disks");
    fleet()
        .until(
            "only the image is there",
            () -> files(shared).equals(List.of(shared.resolve("s.img"))));
    fleet().reset();
    Files.delete(shared.resolve("s.img"));
    Files.delete(shared);
  }
}
