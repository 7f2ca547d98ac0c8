package io.drover.agent;

import io.drover.api.GuestView;
import io.drover.migration.HypervisorEvent;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.GuestState;
import io.drover.model.IpAddress;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.qemu.QemuGuest;
import io.drover.qemu.QemuLauncher;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The guests that live on this host. Those on their way here are not among them yet. */
final class Guests {
  private static final Logger LOG = LoggerFactory.getLogger(Guests.class);

  private final QemuLauncher launcher;
  private final Records records;
  private final Consumer<GuestView> changed;
  private final Follower follower;
  private final Map<GuestName, QemuGuest> guests = new TreeMap<>();
  private Function<GuestName, Optional<String>> migrationOf = name -> Optional.empty();
  private Consumer<GuestName> gone = name -> {};

  /** Where definitions outlive the agent. */
  interface Records {
    void keep(GuestDefinition definition);

    void forget(GuestName name);

    List<GuestDefinition> all();

    /** Whether there is a record of this name that cannot be read. */
    boolean isDamaged(GuestName name);
  }

  /** Who has to do something about guests that come, run and go here. */
  interface Follower {
    /** It started, arrived, or was found again. */
    void found(GuestDefinition guest);

    /** It went on after a stop, whoever let it. */
    void runsAgain(GuestDefinition guest);

    void ended(GuestDefinition guest);
  }

  Guests(QemuLauncher launcher, Records records, Consumer<GuestView> changed, Follower follower) {
    this.follower = follower;
    this.launcher = launcher;
    this.records = records;
    this.changed = changed;
  }

  /** Tells in which migration a guest is. */
  void showMigrations(Function<GuestName, Optional<String>> of) {
    migrationOf = of;
  }

  /** Tells of guests that ended here, and did not leave. */
  void whenGone(Consumer<GuestName> told) {
    gone = told;
  }

  /** Finds the guests that an earlier run of the agent started; forgets those that are no more. */
  void restore() {
    for (GuestDefinition definition : records.all()) {
      Optional<QemuGuest> living = launcher.find(definition);
      if (living.isPresent()) {
        take(living.get());
        LOG.info("guest={} found again, pid {}", definition.name(), living.get().pid());
      } else {
        LOG.warn("guest={} ended while no agent ran", definition.name());
        records.forget(definition.name());
        follower.ended(definition);
      }
    }
  }

  GuestView start(GuestDefinition definition) {
    synchronized (this) {
      taken(definition)
          .ifPresent(
              reason -> {
                throw Problem.full(
                        "guest-exists", reason, "Choose another name, or stop that guest.")
                    .asException();
              });
      // First: a guest whose record cannot be written, or that an agent killed right after the
      // start
      // would not find again, must not run.
      records.keep(definition);
      try {
        take(launcher.start(definition));
      } catch (RuntimeException e) {
        records.forget(definition.name());
        throw e;
      }
    }
    // Its way may have led elsewhere since it was here before.
    follower.runsAgain(definition);
    GuestView view = view(definition.name());
    changed.accept(view);
    return view;
  }

  /** Why a guest of this definition cannot be here, if it cannot. */
  synchronized Optional<String> taken(GuestDefinition definition) {
    for (QemuGuest guest : guests.values()) {
      if (guest.definition().name().equals(definition.name())) {
        return Optional.of("There is a guest '%s' on this host".formatted(definition.name()));
      }
      if (guest.definition().uuid().equals(definition.uuid())) {
        return Optional.of(
            "Guest '%s' on this host has the same UUID".formatted(guest.definition().name()));
      }
      for (GuestDisk disk : guest.definition().disks()) {
        if (definition.disks().stream().anyMatch(other -> other.path().equals(disk.path()))) {
          return Optional.of(
              "Guest '%s' on this host has the disk %s"
                  .formatted(guest.definition().name(), disk.path()));
        }
      }
    }
    return Optional.empty();
  }

  /** Why nobody can tell whether a guest of this name is here, if nobody can. */
  Optional<String> unsure(GuestName name) {
    return records.isDamaged(name)
        ? Optional.of(
            "The record of a guest '%s' in this host's journal cannot be read".formatted(name))
        : Optional.empty();
  }

  /** A guest that arrived whole. */
  void adopt(QemuGuest guest) {
    // Also one that arrived paused, which was never told to run here.
    guest.belongsHere();
    records.keep(guest.definition());
    synchronized (this) {
      take(guest);
    }
    changed.accept(view(guest.definition().name()));
  }

  private synchronized void take(QemuGuest guest) {
    guests.put(guest.definition().name(), guest);
    follower.found(guest.definition());
    Runnable _ =
        guest.observe(
            event -> {
              switch (event) {
                case HypervisorEvent.ProcessExited(String reason, long _) -> ended(guest, reason);
                case HypervisorEvent.GuestStopped _ -> tellState(guest);
                case HypervisorEvent.GuestResumed _ -> {
                  tellState(guest);
                  Thread.ofVirtual().start(() -> follower.runsAgain(guest.definition()));
                }
                default -> {}
              }
            });
    // A process that died before it was observed tells nobody any more.
    if (!guest.isAlive()) {
      ended(guest, "it was dead when it was taken over");
    }
  }

  private void tellState(QemuGuest guest) {
    synchronized (this) {
      if (guests.get(guest.definition().name()) != guest) {
        return;
      }
    }
    changed.accept(viewOf(guest));
  }

  private void ended(QemuGuest guest, String reason) {
    GuestName name = guest.definition().name();
    synchronized (this) {
      if (!guests.remove(name, guest)) {
        return;
      }
    }
    LOG.info("guest={} ended: {}", name, reason);
    records.forget(name);
    guest.quit();
    if (migrationOf.apply(name).isEmpty()) {
      gone.accept(name);
    }
    follower.ended(guest.definition());
    changed.accept(viewOf(guest));
  }

  /** The images that guests here have as their disks. */
  synchronized List<Path> images() {
    return guests.values().stream()
        .flatMap(guest -> guest.definition().disks().stream())
        .map(disk -> Path.of(disk.path()))
        .toList();
  }

  synchronized Optional<QemuGuest> find(GuestName name) {
    return Optional.ofNullable(guests.get(name));
  }

  QemuGuest get(GuestName name) {
    return find(name)
        .orElseThrow(
            () ->
                Problem.unknown(
                        "unknown-guest",
                        "There is no guest '%s' on this host".formatted(name),
                        "'drover guest list' shows the guests that are here.")
                    .asException());
  }

  GuestView view(GuestName name) {
    return viewOf(get(name));
  }

  List<GuestView> views() {
    List<QemuGuest> all;
    synchronized (this) {
      all = List.copyOf(guests.values());
    }
    List<GuestView> views = new ArrayList<>();
    all.forEach(guest -> views.add(viewOf(guest)));
    return views;
  }

  GuestView viewOf(QemuGuest guest) {
    return viewOf(guest, guest.state());
  }

  GuestView viewOf(QemuGuest guest, GuestState state) {
    GuestDefinition definition = guest.definition();
    return new GuestView(
        definition.name().value(),
        definition.uuid(),
        state.word(),
        definition.memory().bytes(),
        definition.vcpus(),
        definition.machine(),
        definition.cpu(),
        definition.networkCards().stream()
            .map(
                card ->
                    new GuestView.CardView(
                        card.mac(),
                        card.bridge(),
                        card.addresses().stream().map(IpAddress::text).toList(),
                        card.dnsName()))
            .toList(),
        definition.disks().stream()
            .map(disk -> new GuestView.DiskView(disk.path(), disk.format().word(), disk.serial()))
            .toList(),
        definition.serialLog(),
        definition.owner().map(Owner::value),
        guest.pid(),
        migrationOf.apply(definition.name()));
  }

  /** Lets go of all processes without ending them. */
  synchronized void close() {
    guests.values().forEach(QemuGuest::close);
    guests.clear();
  }
}
