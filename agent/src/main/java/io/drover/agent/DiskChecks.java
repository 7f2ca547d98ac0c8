package io.drover.agent;

import io.drover.agent.ArrivalChecks.Check;
import io.drover.model.ByteSize;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDisk;
import io.drover.model.Problem;
import io.drover.model.Storage;
import io.drover.wire.PeerMessage;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which of a guest's disks have to move to this host, and whether they can. */
final class DiskChecks {
  /** What stays free of a file system beside a guest's disks. */
  private static final ByteSize MARGIN = ByteSize.ofMebibytes(64);

  private static final String ROOM = "Make room there, or choose another host.";

  private DiskChecks() {}

  /**
   * What was found.
   *
   * @param layers of those that move and are based on something
   */
  record Findings(
      List<Problem> problems, List<Integer> moving, List<PeerMessage.DiskLayers> layers) {}

  static Findings examine(PeerMessage.Prepare prepare, BaseImages images) {
    List<Problem> problems = new ArrayList<>();
    List<Integer> moving = new ArrayList<>();
    List<PeerMessage.DiskLayers> layers = new ArrayList<>();
    BaseChoices choices = new BaseChoices(prepare, images);
    List<GuestDisk> disks = prepare.guest().disks();
    if (prepare.images().size() != disks.size()) {
      problems.add(
          Check.DISKS.problem(
              "The source told of %d images for %d disks"
                  .formatted(prepare.images().size(), disks.size()),
              "Run the same release of Drover on both hosts."));
      return new Findings(problems, moving, layers);
    }
    Map<Path, Long> needed = new LinkedHashMap<>();
    for (int disk = 0; disk < disks.size(); disk++) {
      PeerMessage.DiskImage image = prepare.images().get(disk);
      Path path = Path.of(disks.get(disk).path());
      if (!StorageProbe.finds(path, image.realPath(), image.probe())) {
        moving.add(disk);
        problem(disks.get(disk), path).ifPresent(problems::add);
        BaseChoices.Choice choice = choices.of(disk);
        choice.problem().ifPresent(problems::add);
        choice.layers().ifPresent(layers::add);
        needed.merge(folder(path), choice.bytes(), Long::sum);
      } else if (prepare.options().storage() == Storage.MOVE) {
        problems.add(
            Check.DISKS.problem(
                "Both hosts share the disk %s".formatted(path),
                "Leave out --with-storage: there is nothing to copy."));
      }
    }
    problems.addAll(room(needed));
    return new Findings(problems, moving, layers);
  }

  private static Optional<Problem> problem(GuestDisk disk, Path path) {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(
          Check.DISKS.problem(
              "The target has another file %s".formatted(path),
              "Move it away there, if nobody needs it."));
    }
    Path folder = folder(path);
    if (!Files.isDirectory(folder)) {
      return Optional.of(
          Check.DISKS.problem(
              "The target has no folder %s for the disk".formatted(folder), "Make it there."));
    }
    if (!Files.isWritable(folder)) {
      return Optional.of(
          Check.DISKS.problem(
              "The target cannot write in %s".formatted(folder), "Give its agent leave to."));
    }
    if (disk.format() == DiskFormat.QCOW2 && !onPath("qemu-img")) {
      return Optional.of(
          Check.DISKS.problem(
              "The target has no qemu-img to make a qcow2 image with",
              "Install qemu-utils there."));
    }
    return Optional.empty();
  }

  private static Path folder(Path image) {
    return Optional.ofNullable(image.getParent()).orElse(image);
  }

  private static boolean onPath(String program) {
    for (String folder :
        System.getenv().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  /** Folders on one file system share what is free there. */
  private static List<Problem> room(Map<Path, Long> neededIn) {
    List<Problem> problems = new ArrayList<>();
    Map<FileStore, Long> needed = new LinkedHashMap<>();
    neededIn.forEach(
        (folder, bytes) -> {
          if (!Files.isDirectory(folder)) {
            return;
          }
          try {
            needed.merge(Files.getFileStore(folder), bytes, Long::sum);
          } catch (IOException e) {
            problems.add(
                Check.DISKS.problem(
                    "The target cannot tell how much room %s has: %s".formatted(folder, e), ROOM));
          }
        });
    needed.forEach(
        (store, bytes) -> {
          try {
            ByteSize free = new ByteSize(store.getUsableSpace());
            ByteSize wanted = new ByteSize(bytes + MARGIN.bytes());
            if (free.bytes() < wanted.bytes()) {
              problems.add(
                  Check.DISKS.problem(
                      "The target has %s free on %s, and the disks need %s"
                          .formatted(free, store.name(), wanted),
                      ROOM));
            }
          } catch (IOException e) {
            problems.add(
                Check.DISKS.problem("The target cannot tell how much room it has: " + e, ROOM));
          }
        });
    return problems;
  }
}
