package io.drover.qemu;

/** What a guest's disks are called in its QEMU; the same on every host. */
final class DiskNodes {
  private DiskNodes() {}

  /** The device that the guest sees. */
  static String device(int index) {
    return "drive" + index;
  }

  /** The node with the guest's bytes. */
  static String disk(int index) {
    return "disk" + index;
  }

  /** The node of the image's file. */
  static String file(int index) {
    return "file" + index;
  }
}
