package io.drover.agent;

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

  boolean isUrgent(int channel) {
    return urgent && channel == 1;
  }
}
