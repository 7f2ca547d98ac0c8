package io.drover.qemu;

/**
 * A guest's disk as its QEMU sees it.
 *
 * @param bytes its size as the guest sees it
 * @param allocatedBytes what its image, and what that is based on, take of the file system
 */
public record DiskState(long bytes, long allocatedBytes) {}
