package io.drover.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/** What executes the guests' instructions. */
public enum Accelerator {
  KVM,
  TCG;

  private static final Pattern VIRTUALIZES = Pattern.compile("(?m)^flags\\s*:.*\\b(vmx|svm)\\b");

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The best that this host offers. */
  public static Accelerator ofHost() {
    return ofHost(Path.of("/proc/cpuinfo"), Path.of("/dev/kvm"));
  }

  /**
   * The best that this host offers. That /dev/kvm can be opened is not enough: on some machines it
   * opens and boots nothing, since the processor has no virtualisation to offer.
   */
  static Accelerator ofHost(Path cpuInfo, Path kvm) {
    try {
      boolean usable =
          Files.isReadable(kvm)
              && Files.isWritable(kvm)
              && VIRTUALIZES.matcher(Files.readString(cpuInfo)).find();
      return usable ? KVM : TCG;
    } catch (IOException e) {
      return TCG;
    }
  }
}
