package io.drover.qemu.nbd;

import java.util.Set;

/**
 * What a server offers, after the handshake.
 *
 * @param contextId the number by which the server calls {@code base:allocation}, if it was agreed
 */
record ServerOffer(
    long size, BlockSizes sizes, Set<DeviceFeature> features, Set<Extra> extras, int contextId) {
  ServerOffer {
    features = Set.copyOf(features);
    extras = Set.copyOf(extras);
  }
}
