package io.drover.migration;

import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * A disk and where its mirror goes.
 *
 * @param disk its place among the guest's disks
 * @param socket where an NBD server is
 * @param layers what of it is mirrored
 * @param base how far the copy of its base is, before which the mirror may not begin; nothing
 *     remains where there is none to be made
 */
public record DiskMirror(int disk, Path socket, Layers layers, Supplier<DiskProgress> base) {
  /** Of an image that is based on another. */
  public enum Layers {
    ALL,
    /** What its topmost layer has: the target's disk is based on the same content as this one. */
    TOP
  }
}
