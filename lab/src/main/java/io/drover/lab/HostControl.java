package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.HostView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import java.nio.file.Path;
import java.util.List;

/**
 * What the lab asks of the agent of one of its hosts. Calls block and throw a {@link
 * io.drover.model.ProblemException} with the agent's problem.
 */
public interface HostControl {
  HostView host();

  List<GuestView> guests();

  GuestView startGuest(GuestSpec spec);

  /** Stops it at once, as if the power were cut. */
  void killGuest(String name);

  /** Starts a migration and answers its first state. */
  MigrationView migrate(MigrationRequest request);

  MigrationView migration(String id);

  MigrationView cancelMigration(String id);

  /** Reaches the agent behind a unix socket. */
  @FunctionalInterface
  interface Factory {
    HostControl at(Path socket);
  }
}
