package io.drover.lab;

import io.drover.api.GuestSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A file in the folder for disks that each host of a lab has to itself. */
record DiskFile(String name) {
  private static final String FOLDER = "disks";

  /** As the host sees it. */
  String path() {
    return folder() + name;
  }

  /** As the host sees it. */
  static String folder() {
    return "/run/%s/".formatted(FOLDER);
  }

  /** As the machine sees it; afterwards the folder is there. */
  Path on(Lab lab, String host) {
    try {
      return Files.createDirectories(lab.runFolder(host).resolve(FOLDER)).resolve(name);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  GuestSpec.DiskSpec raw() {
    return new GuestSpec.DiskSpec(path(), "raw", Optional.empty());
  }
}
