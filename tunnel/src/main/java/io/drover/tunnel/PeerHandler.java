package io.drover.tunnel;

import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.wire.Purpose;
import java.util.Optional;

/**
 * What an agent does with the connections of its port. Every call comes on the connection's own
 * virtual thread; a connection belongs to whoever it was handed to.
 */
public interface PeerHandler {
  /**
   * Whether {@code peer}, whose certificate has been checked, may do this here. A certificate alone
   * is no permission.
   *
   * @return why not; empty if it may
   */
  Optional<Problem> permit(HostName peer, Purpose purpose);

  /** A control connection, not started yet. */
  void control(ControlConnection connection);

  /** A channel whose ticket was good and is now used up. */
  void channel(HostName peer, Purpose.Channel purpose, TlsChannel channel);

  /** A connection for packets of guests that moved; served to its end before this returns. */
  void redirect(HostName peer, TlsChannel channel);

  /** A peer wants to know which guests are here; served to its end before this returns. */
  void names(HostName peer, TlsChannel channel);
}
