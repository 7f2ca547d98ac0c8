package io.drover.migration;

import java.nio.file.Path;

/**
 * A disk and where its mirror goes.
 *
 * @param disk its place among the guest's disks
 * @param socket where an NBD server is
 */
public record DiskMirror(int disk, Path socket) {}
