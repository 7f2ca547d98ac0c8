package io.drover.agent;

import io.drover.model.Owner;
import io.drover.qemu.DiskState;
import io.drover.wire.PeerMessage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** What the disks of one guest that leaves are based on here, as far as it has been read. */
final class SourceBases {
  private final BaseDigests digests;
  private final BaseImages images;
  private final Owner owner;
  private final Map<BaseFiles, String> read = new ConcurrentHashMap<>();

  SourceBases(BaseDigests digests, BaseImages images, Owner owner) {
    this.digests = digests;
    this.images = images;
    this.owner = owner;
  }

  /** The files of a base; none where it is not made of files whose formats Drover knows. */
  static Optional<BaseFiles> files(DiskState disk) {
    return disk.base()
        .flatMap(base -> base.format().map(format -> new BaseFiles(base.files(), format)));
  }

  /** As a target is told of it. */
  Optional<PeerMessage.BaseImage> describe(DiskState disk) {
    return disk.base()
        .map(
            base ->
                new PeerMessage.BaseImage(
                    base.files().stream()
                        .findFirst()
                        .map(Path::getFileName)
                        .map(Path::toString)
                        .orElse("base"),
                    base.bytes(),
                    base.allocatedBytes(),
                    files(disk).flatMap(this::digest)));
  }

  private Optional<String> digest(BaseFiles base) {
    return Optional.ofNullable(read.get(base)).or(() -> digests.known(base));
  }

  /**
   * Begins to read those that are not known; what is returned ends when all are, or when one cannot
   * be read. A guest that comes back, or another, may then be based on them here.
   */
  CompletableFuture<Void> read(List<DiskState> disks) {
    return CompletableFuture.allOf(
        disks.stream()
            .flatMap(disk -> files(disk).stream())
            .distinct()
            .map(
                base ->
                    digests
                        .of(base)
                        .thenAccept(
                            digest -> {
                              read.put(base, digest);
                              images.offer(base, owner);
                            }))
            .toArray(CompletableFuture<?>[]::new));
  }
}
