package io.drover.agent;

import io.drover.agent.ArrivalChecks.Check;
import io.drover.model.Chain;
import io.drover.model.DiskFormat;
import io.drover.model.Problem;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.BaseFile;
import io.drover.wire.PeerMessage.BaseImage;
import io.drover.wire.PeerMessage.BaseUse;
import io.drover.wire.PeerMessage.DiskLayers;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the disks of one guest that are based on something are based on here. Disks with the same
 * base share it.
 */
final class BaseChoices {
  /** Enough that nobody meets another base's name by chance; what it holds is looked at anyway. */
  private static final int DIGITS_OF_NAME = 12;

  private final PeerMessage.Prepare prepare;
  private final BaseImages images;
  private final Map<String, Path> copies = new HashMap<>();

  /**
   * About one disk.
   *
   * @param layers none for a disk that is based on nothing
   * @param problem why it cannot be as it was asked for
   * @param bytes that come to this host for it, at most
   */
  record Choice(Optional<DiskLayers> layers, Optional<Problem> problem, long bytes) {}

  BaseChoices(PeerMessage.Prepare prepare, BaseImages images) {
    this.prepare = prepare;
    this.images = images;
  }

  Choice of(int disk) {
    PeerMessage.DiskImage image = prepare.images().get(disk);
    return image.base().isEmpty()
        ? new Choice(Optional.empty(), Optional.empty(), image.allocatedBytes())
        : of(disk, image, image.base().get());
  }

  private Choice of(int disk, PeerMessage.DiskImage image, BaseImage base) {
    Chain chain = prepare.options().chain();
    if (chain == Chain.FLATTEN) {
      return flattened(disk, image, "as asked");
    }
    Path folder = folder(disk);
    BaseImages.Search search =
        images.find(
            base,
            Contents.owner(prepare.guest()),
            chain == Chain.KEEP ? Optional.of(folder) : Optional.empty());
    return switch (search) {
      case BaseImages.Search.Found(BaseFile file) ->
          based(disk, BaseUse.ON_BASE, file, image.allocatedBytes() - base.allocatedBytes());
      case BaseImages.Search.Nothing(String reason) ->
          switch (chain) {
            case AUTO, FLATTEN -> flattened(disk, image, reason);
            case REBASE -> refused(disk, image, reason);
            case KEEP ->
                base.digest()
                    .map(digest -> copied(disk, image, base, digest, folder))
                    .orElseGet(() -> unread(disk, image, unread(base)));
          };
      case BaseImages.Search.Unread(String reason) -> unread(disk, image, reason);
    };
  }

  private Path folder(int disk) {
    Path path = Path.of(prepare.guest().disks().get(disk).path());
    return Optional.ofNullable(path.getParent()).orElse(path);
  }

  private Choice copied(
      int disk, PeerMessage.DiskImage image, BaseImage base, String digest, Path folder) {
    long own = image.allocatedBytes() - base.allocatedBytes();
    Optional<Path> first = Optional.ofNullable(copies.get(digest));
    if (first.isPresent()) {
      return copy(disk, first.get(), own);
    }
    Path path = folder.resolve(nameOfCopy(base.name(), digest));
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return new Choice(
          Optional.empty(),
          Optional.of(
              Check.DISKS.problem(
                  "The target has a file %s that is not, or not yet, the base of disk %s"
                      .formatted(path, path(disk)),
                  "Try again when no other guest with that base is on its way there, or move the"
                      + " file away.")),
          image.allocatedBytes());
    }
    copies.put(digest, path);
    return copy(disk, path, image.allocatedBytes());
  }

  private static Choice copy(int disk, Path path, long bytes) {
    return based(disk, BaseUse.ON_COPY, new BaseFile(path.toString(), DiskFormat.RAW), bytes);
  }

  /** Alike for what holds the same, and telling people what it is. */
  static String nameOfCopy(String nameThere, String digest) {
    int suffix = nameThere.lastIndexOf('.');
    String stem = suffix > 0 ? nameThere.substring(0, suffix) : nameThere;
    return "%s-%s.raw"
        .formatted(stem, digest.substring(0, Math.min(DIGITS_OF_NAME, digest.length())));
  }

  private static Choice based(int disk, BaseUse use, BaseFile base, long bytes) {
    return new Choice(
        Optional.of(new DiskLayers(disk, use, Optional.of(base), "")),
        Optional.empty(),
        Math.max(0, bytes));
  }

  private static String unread(BaseImage base) {
    return "the source has not read its base %s, or cannot".formatted(base.name());
  }

  /** Whoever only asks may still have it read. */
  private Choice unread(int disk, PeerMessage.DiskImage image, String reason) {
    return prepare.options().chain() == Chain.AUTO || prepare.dryRun()
        ? new Choice(
            Optional.of(new DiskLayers(disk, BaseUse.UNREAD, Optional.empty(), reason)),
            Optional.empty(),
            image.allocatedBytes())
        : refused(disk, image, reason);
  }

  private static Choice flattened(int disk, PeerMessage.DiskImage image, String reason) {
    return new Choice(
        Optional.of(new DiskLayers(disk, BaseUse.FLATTENED, Optional.empty(), reason)),
        Optional.empty(),
        image.allocatedBytes());
  }

  private Choice refused(int disk, PeerMessage.DiskImage image, String reason) {
    return new Choice(
        Optional.empty(),
        Optional.of(
            Check.DISKS.problem(
                "The disk %s cannot stay based on what it is: %s".formatted(path(disk), reason),
                "Index the base there with 'drover store index', or leave out --storage-chain.")),
        image.allocatedBytes());
  }

  private String path(int disk) {
    return prepare.guest().disks().get(disk).path();
  }
}
