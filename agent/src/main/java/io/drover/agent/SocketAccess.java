package io.drover.agent;

import jdk.net.UnixDomainPrincipal;

/** Whose connections are taken, beyond what the socket's mode already keeps out. */
enum SocketAccess {
  OWNER,
  /**
   * The kernel let the caller connect because of its groups; the credentials of a socket name only
   * the first of these, so they cannot say it better.
   */
  OWNER_AND_GROUP;

  boolean permits(UnixDomainPrincipal caller, String ownUser) {
    String user = caller.user().getName();
    return switch (this) {
      // A user without a name in this namespace appears as its number.
      case OWNER -> user.equals("root") || user.equals("0") || user.equals(ownUser);
      case OWNER_AND_GROUP -> true;
    };
  }
}
