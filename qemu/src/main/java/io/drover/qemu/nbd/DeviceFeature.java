package io.drover.qemu.nbd;

import java.util.EnumSet;
import java.util.Set;

/** What a device can besides reading and writing, or cannot. */
public enum DeviceFeature {
  /** It refuses whatever would change it. */
  READ_ONLY(1 << 1),
  FLUSH(1 << 2),
  /** It heeds {@link RequestFlags#DURABLE}. */
  DURABLE_WRITES(1 << 3),
  TRIM(1 << 5),
  WRITE_ZEROES(1 << 6),
  /** It heeds {@link RequestFlags#FAST_ONLY}. */
  FAST_ZEROES(1 << 11),
  /** It knows which of its parts hold data. Told by negotiation, not by a flag. */
  ALLOCATION(0),
  /** It refuses to be read, which the protocol has no word for. */
  WRITE_ONLY(0);

  private final int transmissionFlag;

  DeviceFeature(int transmissionFlag) {
    this.transmissionFlag = transmissionFlag;
  }

  static int transmissionFlags(Set<DeviceFeature> features) {
    int flags = Nbd.HAS_FLAGS;
    for (DeviceFeature feature : features) {
      flags |= feature.transmissionFlag;
    }
    return flags;
  }

  static EnumSet<DeviceFeature> ofTransmissionFlags(int flags) {
    EnumSet<DeviceFeature> features = EnumSet.noneOf(DeviceFeature.class);
    for (DeviceFeature feature : values()) {
      if ((flags & feature.transmissionFlag) != 0) {
        features.add(feature);
      }
    }
    return features;
  }
}
