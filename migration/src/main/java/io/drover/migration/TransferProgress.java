package io.drover.migration;

/**
 * A look at a running transfer, from the source's hypervisor.
 *
 * @param transferredBytes what left the hypervisor, headers included
 * @param remainingBytes memory still to be sent, as last counted
 * @param totalBytes the guest's memory
 * @param dirtyBytesPerSecond how fast the guest rewrites memory, as last counted; 0 before the
 *     second pass
 * @param passes how often the whole of the dirty memory has been looked through; 1 in the first
 * @param postCopyRequests pages the target asked for
 */
public record TransferProgress(
    long transferredBytes,
    long remainingBytes,
    long totalBytes,
    long dirtyBytesPerSecond,
    long bytesPerSecond,
    int passes,
    long zeroPages,
    long normalPages,
    long postCopyRequests) {

  public static final TransferProgress NONE = new TransferProgress(0, 0, 0, 0, 0, 0, 0, 0, 0);
}
