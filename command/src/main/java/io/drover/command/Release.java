package io.drover.command;

import java.util.Optional;

/** Which Drover this is. */
final class Release {
  private Release() {}

  static String version() {
    return Optional.ofNullable(Release.class.getPackage().getImplementationVersion())
        .orElse("of an unpacked build");
  }
}
