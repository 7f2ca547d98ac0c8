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
    try (Stream<Path> files = Files.list(folder(host))) {
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
    try (Stream<Path> files = Files.list(shared)) {
      assertThat(files).containsExactly(shared.resolve("s.img"));
    }
    fleet().reset();
    Files.delete(shared.resolve("s.img"));
    Files.delete(shared);
  }
}
