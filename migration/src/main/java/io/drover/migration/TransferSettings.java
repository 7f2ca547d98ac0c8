package io.drover.migration;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What both hypervisors must agree on before anything moves, and the source's limits.
 *
 * @param postCopy whether the switch to post-copy must be possible; both sides the same
 * @param urgentChannel whether requested pages get a connection of their own; both sides the same
 * @param parallelChannels extra bulk channels; both sides the same; excludes post-copy
 * @param bytesPerSecond the source's limit; 0 means none
 * @param throttleGuest whether the source may slow the guest's processors until pre-copy converges
 * @param disks whether disks move too, so that the source's transfer waits at its switch
 * @param tlsDirectory certificates for the hypervisor's own TLS, where that carries the state
 */
public record TransferSettings(
    boolean postCopy,
    boolean urgentChannel,
    int parallelChannels,
    long bytesPerSecond,
    Duration maxDowntime,
    boolean throttleGuest,
    boolean disks,
    Optional<Path> tlsDirectory) {}
