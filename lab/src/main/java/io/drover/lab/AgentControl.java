package io.drover.lab;

import io.drover.api.ApiClient;
import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.HostView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.StopManner;
import java.util.List;

/** An agent's local API as the lab uses it. */
record AgentControl(ApiClient client) implements HostControl {
  @Override
  public HostView host() {
    return client.host();
  }

  @Override
  public List<GuestView> guests() {
    return client.guests();
  }

  @Override
  public GuestView startGuest(GuestSpec spec) {
    return client.startGuest(spec);
  }

  @Override
  public void killGuest(String name) {
    GuestView _ = client.stopGuest(name, StopManner.FORCED);
  }

  @Override
  public MigrationView migrate(MigrationRequest request) {
    return client.migrate(request);
  }

  @Override
  public MigrationView migration(String id) {
    return client.migration(id);
  }

  @Override
  public MigrationView cancelMigration(String id) {
    return client.cancelMigration(id);
  }
}
