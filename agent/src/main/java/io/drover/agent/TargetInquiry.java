package io.drover.agent;

import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.network.LeavingGuest;
import io.drover.tunnel.ControlConnection;
import io.drover.tunnel.ControlEnd;
import io.drover.tunnel.ControlListener;
import io.drover.tunnel.PortClient;
import io.drover.wire.Blob;
import io.drover.wire.PeerMessage;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks a host what it would say to a guest, on a connection of its own. */
final class TargetInquiry {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final PortClient client;
  private final Peers.Peer peer;
  private final MigrationId id;

  /**
   * @param id of a migration that will never be
   */
  TargetInquiry(PortClient client, Peers.Peer peer, MigrationId id) {
    this.client = client;
    this.peer = peer;
    this.id = id;
  }

  /**
   * Asks.
   *
   * @param leaving what is to be known about its network as well
   */
  PeerMessage ask(PeerMessage.Prepare prepare, Optional<LeavingGuest> leaving) {
    CompletableFuture<PeerMessage> answer = new CompletableFuture<>();
    try (ControlConnection control = client.control(peer.name(), peer.socketAddress(), id)) {
      control.start(
          new ControlListener() {
            @Override
            public void received(PeerMessage message) {
              if (message instanceof PeerMessage.Continuity(Blob content)) {
                leaving.ifPresent(guest -> guest.heard(content.bytes()));
              } else {
                answer.complete(message);
              }
            }

            @Override
            public void ended(ControlEnd end) {
              answer.completeExceptionally(new IllegalStateException(end.toString()));
            }
          });
      leaving.ifPresent(guest -> control.send(new PeerMessage.Continuity(new Blob(guest.offer()))));
      control.send(prepare);
      return await(answer);
    }
  }

  private PeerMessage await(CompletableFuture<PeerMessage> answer) {
    try {
      return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw Problem.peer(
              "no-answer",
              "Host %s did not say whether it can take the guest".formatted(peer.name()),
              "Look at its agent's log.")
          .asException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.bug("interrupted", "Interrupted while asking the target").asException(e);
    }
  }
}
