package io.drover.agent;

import io.drover.api.CheckReport;
import io.drover.api.Decision;
import io.drover.api.EventSource;
import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.HostView;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.NetworkView;
import io.drover.api.StopManner;
import io.drover.api.StoreJobView;
import io.drover.api.StoreOrder;
import io.drover.api.StoreView;
import java.util.List;

/**
 * What the local API offers, as plain calls. Every call may come from any thread, may block, and
 * refuses by throwing a {@link io.drover.model.ProblemException}.
 */
interface AgentService {
  HostView host();

  List<GuestView> guests();

  GuestView guest(String name);

  GuestView startGuest(GuestSpec spec);

  /** Answers the guest as it was last seen. */
  GuestView stopGuest(String name, StopManner how);

  GuestView pauseGuest(String name);

  GuestView resumeGuest(String name);

  /** Looks, and changes nothing. */
  CheckReport check(MigrationRequest request);

  /** Answers as soon as the migration exists; it goes on by itself. */
  MigrationView migrate(MigrationRequest request);

  List<MigrationView> migrations();

  MigrationView migration(String id);

  MigrationView changeMigration(String id, MigrationChange change);

  MigrationView cancelMigration(String id);

  MigrationView resolveMigration(String id, Decision decision);

  NetworkView network(String guest);

  StoreView store();

  /** Answers as soon as the work has begun. */
  StoreJobView orderStore(StoreOrder order);

  StoreJobView storeJob(String id);

  /** What happens from now on; the caller closes it. */
  EventSource events();
}
