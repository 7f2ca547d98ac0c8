package io.drover.agent;

import io.drover.api.MigrationView.LayersView;
import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.DiskLayers;
import java.util.List;

/** What becomes of the images that disks are based on, as people are shown it. */
final class LayersViews {
  private LayersViews() {}

  static List<LayersView> of(
      GuestDefinition guest, List<PeerMessage.DiskImage> images, List<DiskLayers> layers) {
    return layers.stream()
        .filter(each -> each.disk() < images.size())
        .map(each -> of(guest, images.get(each.disk()), each))
        .toList();
  }

  private static LayersView of(
      GuestDefinition guest, PeerMessage.DiskImage image, DiskLayers layers) {
    return new LayersView(
        guest.disks().get(layers.disk()).path(),
        switch (layers.use()) {
          case FLATTENED, UNREAD -> LayersView.FLATTENED;
          case ON_BASE -> LayersView.BASED;
          case ON_COPY -> LayersView.BASE_COPIED;
        },
        layers.base().map(PeerMessage.BaseFile::path),
        switch (layers.use()) {
          case FLATTENED, UNREAD, ON_COPY -> 0L;
          case ON_BASE -> image.base().map(PeerMessage.BaseImage::allocatedBytes).orElse(0L);
        },
        layers.reason());
  }

  /** What would become of one, to follow what is said of the disk. */
  static String foreseen(LayersView view) {
    String base = view.base().orElse("");
    return switch (view.layout()) {
      case LayersView.BASED ->
          "; it would be based on %s there, which spares %s"
              .formatted(base, new ByteSize(view.sparedBytes()));
      case LayersView.BASE_COPIED -> "; its base would be copied as well, as " + base;
      default -> "; it would be flattened: " + view.reason();
    };
  }
}
