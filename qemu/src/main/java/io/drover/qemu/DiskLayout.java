package io.drover.qemu;

import io.drover.model.DiskFormat;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Reads what QEMU tells of a disk's image and of those that it is based on. */
final class DiskLayout {
  private DiskLayout() {}

  /**
   * @param image QEMU's {@code ImageInfo}, with the images below in it
   */
  static DiskState of(JsonNode image) {
    List<JsonNode> below = new ArrayList<>();
    for (JsonNode layer = image.path("backing-image");
        layer.isObject();
        layer = layer.path("backing-image")) {
      below.add(layer);
    }
    long allocated = allocated(image);
    Optional<DiskState.Base> base = below.isEmpty() ? Optional.empty() : Optional.of(base(below));
    return new DiskState(
        image.path("virtual-size").asLong(),
        allocated + base.map(DiskState.Base::allocatedBytes).orElse(0L),
        base);
  }

  private static long allocated(JsonNode layer) {
    return layer.path("actual-size").asLong(0);
  }

  private static DiskState.Base base(List<JsonNode> layers) {
    List<Optional<Path>> files = layers.stream().map(DiskLayout::file).toList();
    JsonNode uppermost = layers.getFirst();
    return new DiskState.Base(
        files.stream().flatMap(Optional::stream).toList(),
        files.stream().allMatch(Optional::isPresent) ? format(uppermost) : Optional.empty(),
        uppermost.path("virtual-size").asLong(),
        layers.stream().mapToLong(DiskLayout::allocated).sum());
  }

  private static Optional<DiskFormat> format(JsonNode layer) {
    String word = layer.path("format").asString("");
    return Arrays.stream(DiskFormat.values())
        .filter(format -> format.word().equals(word))
        .findFirst();
  }

  /** Nothing for what is no file of this host, of which QEMU tells as "json:…" or "nbd://…". */
  private static Optional<Path> file(JsonNode layer) {
    String name = layer.path("filename").asString("");
    try {
      return name.startsWith("/") ? Optional.of(Path.of(name)) : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
