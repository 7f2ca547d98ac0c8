package io.drover.agent;

import io.drover.wire.Purpose;

/** What the channels of a migration are called, and how many there are. */
record ChannelNames(boolean urgent, int parallel) {
  int count() {
    return 1 + (urgent ? 1 : 0) + parallel;
  }

  String name(int channel) {
    if (channel == 0) {
      return "main";
    }
    return urgent ? "urgent" : "bulk-" + channel;
  }

  /** What a disk's channel, or that of a base, is called. */
  static String ofDisk(int channel) {
    return channel >= Purpose.Channel.FIRST_BASE
        ? "base-" + (channel - Purpose.Channel.FIRST_BASE)
        : "disk-" + (channel - Purpose.Channel.FIRST_DISK);
  }

  boolean isUrgent(int channel) {
    return urgent && channel == 1;
  }
}
