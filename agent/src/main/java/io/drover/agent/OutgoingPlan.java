package io.drover.agent;

import io.drover.model.GuestDefinition;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.Version;

/**
 * What is settled about an outgoing migration before it begins.
 *
 * @param postCopyWanted whether the mode may end in post-copy and this host can do it
 * @param urgentChannel whether requested pages can have a connection of their own
 */
record OutgoingPlan(
    MigrationId id,
    GuestDefinition guest,
    HostName target,
    boolean postCopyWanted,
    boolean urgentChannel,
    Version hypervisorVersion,
    String accelerator) {}
