package io.drover.wire;

import io.drover.model.HostName;
import io.drover.model.Problem;

/** The answer to a {@link Hello}. */
public sealed interface HelloReply {
  /** Go on, in this protocol version. */
  record Welcome(int version, HostName from) implements HelloReply {}

  /** The connection ends here. */
  record Refused(Problem problem) implements HelloReply {}
}
