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
import io.drover.model.Problem;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** An agent without guests that writes down what it is asked. */
final class FakeService implements AgentService {
  final List<Object> asked = new CopyOnWriteArrayList<>();
  final EventFeed feed = new EventFeed(InstantSource.system());

  @Override
  public HostView host() {
    return new HostView(
        "alpha",
        "0.1.0",
        "10.0.2",
        "tcg",
        "0.0.0.0:7717",
        8L << 30,
        4L << 30,
        true,
        List.of(new HostView.PeerView("beta", "198.51.100.2:7717", true, false)),
        List.of());
  }

  @Override
  public List<GuestView> guests() {
    return List.of(Views.guest("db"), Views.guest("web"));
  }

  @Override
  public GuestView guest(String name) {
    if (name.equals("nobody")) {
      throw Problem.unknown("no-guest", "There is no guest 'nobody'", "See the list.")
          .asException();
    }
    return Views.guest(name);
  }

  @Override
  public GuestView startGuest(GuestSpec spec) {
    asked.add(spec);
    return Views.guest(spec.name());
  }

  @Override
  public GuestView stopGuest(String name, StopManner how) {
    asked.add(how);
    return Views.guest(name);
  }

  @Override
  public GuestView pauseGuest(String name) {
    asked.add("pause " + name);
    return Views.guest(name);
  }

  @Override
  public GuestView resumeGuest(String name) {
    asked.add("resume " + name);
    return Views.guest(name);
  }

  @Override
  public CheckReport check(MigrationRequest request) {
    asked.add(request);
    return new CheckReport(true, request.guest(), request.to(), "precopy", "r", 1, 2, List.of());
  }

  @Override
  public MigrationView migrate(MigrationRequest request) {
    asked.add(request);
    return Views.migration("m0000000001");
  }

  @Override
  public List<MigrationView> migrations() {
    return List.of(Views.migration("m0000000001"));
  }

  @Override
  public MigrationView migration(String id) {
    return Views.migration(id);
  }

  @Override
  public MigrationView changeMigration(String id, MigrationChange change) {
    asked.add(change);
    return Views.migration(id);
  }

  @Override
  public MigrationView cancelMigration(String id) {
    asked.add("cancel " + id);
    return Views.migration(id);
  }

  @Override
  public MigrationView resolveMigration(String id, Decision decision) {
    asked.add(decision);
    return Views.migration(id);
  }

  @Override
  public NetworkView network(String guest) {
    return new NetworkView(
        guest,
        "alpha",
        "beta",
        1,
        List.of(),
        List.of("192.0.2.10"),
        List.of(new NetworkView.WayView("beta", "to", true, true, "tunnel", Optional.of("why"))),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.of(3),
        List.of());
  }

  @Override
  public StoreView store() {
    return new StoreView("/s", 0, 0, 64, 0, 16, 0, 2, List.of(), List.of());
  }

  @Override
  public StoreJobView orderStore(StoreOrder order) {
    asked.add(order);
    return StoreWork.begun("s1", order.work());
  }

  @Override
  public StoreJobView storeJob(String id) {
    return StoreWork.begun(id, "gc");
  }

  @Override
  public EventSource events() {
    return feed.subscribe();
  }
}
