package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.migration.SourceState;
import io.drover.migration.TargetState;
import io.drover.migration.TransferSettings;
import io.drover.model.HostName;
import io.drover.model.MigrationOptions;
import io.drover.wire.PeerMessage;
import java.util.List;
import java.util.Optional;

/**
 * A migration as the journal keeps it, from either side: what it takes to carry on with it, and
 * what people were last shown of it.
 */
record MigrationEntry(
    MigrationView view,
    MigrationOptions options,
    Optional<OutgoingPart> outgoing,
    Optional<IncomingPart> incoming) {

  record OutgoingPart(OutgoingPlan plan, SourceState state) {}

  record IncomingPart(
      HostName source,
      PeerMessage.Prepare prepare,
      List<Integer> disks,
      List<PeerMessage.DiskLayers> layers,
      TransferSettings settings,
      TargetState state) {
    IncomingPart {
      // A record that an earlier release wrote has none.
      disks = disks == null ? List.of() : List.copyOf(disks);
      layers = layers == null ? List.of() : List.copyOf(layers);
    }
  }

  boolean settled() {
    return outgoing.map(part -> part.state().settled()).orElse(true)
        && incoming.map(part -> part.state().stage() == TargetState.Stage.ENDED).orElse(true);
  }
}
