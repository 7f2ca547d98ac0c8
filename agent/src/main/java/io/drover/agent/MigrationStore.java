package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Every migration this agent knows of, on disk and as people see it; the old ones in bounds. */
final class MigrationStore {
  private final Disk disk;
  private final int history;
  private final Consumer<MigrationView> changed;
  private final Map<String, MigrationView> views = new LinkedHashMap<>();
  private final Map<String, MigrationEntry> entries = new LinkedHashMap<>();

  /** Where entries outlive the agent. */
  interface Disk {
    void put(MigrationId id, MigrationEntry entry);

    void delete(MigrationId id);

    List<MigrationEntry> entries();
  }

  MigrationStore(Disk disk, int history, Consumer<MigrationView> changed) {
    this.disk = disk;
    this.history = history;
    this.changed = changed;
  }

  /** Reads what an earlier run of the agent left; answers what is still to be done. */
  synchronized List<MigrationEntry> restore() {
    List<MigrationEntry> all = new ArrayList<>(disk.entries());
    all.sort(Comparator.comparingLong(entry -> entry.view().startedAtEpochMillis()));
    List<MigrationEntry> unsettled = new ArrayList<>();
    for (MigrationEntry entry : all) {
      views.put(entry.view().id(), entry.view());
      entries.put(entry.view().id(), entry);
      if (!entry.settled()) {
        unsettled.add(entry);
      }
    }
    return unsettled;
  }

  /** Makes it durable before it returns, or throws. */
  void keep(MigrationId id, MigrationEntry entry) {
    disk.put(id, entry);
    synchronized (this) {
      entries.put(id.value(), entry);
    }
    show(entry.view());
    trim();
  }

  void show(MigrationView view) {
    synchronized (this) {
      views.put(view.id(), view);
    }
    changed.accept(view);
  }

  private void trim() {
    List<MigrationId> old = new ArrayList<>();
    synchronized (this) {
      for (MigrationEntry entry : List.copyOf(entries.values())) {
        if (entries.size() - old.size() <= history) {
          break;
        }
        if (entry.settled()) {
          old.add(new MigrationId(entry.view().id()));
        }
      }
      for (MigrationId id : old) {
        entries.remove(id.value());
        views.remove(id.value());
      }
    }
    old.forEach(disk::delete);
  }

  synchronized Optional<MigrationEntry> entry(MigrationId id) {
    return Optional.ofNullable(entries.get(id.value()));
  }

  /** Newest first. */
  synchronized List<MigrationView> views() {
    List<MigrationView> all = new ArrayList<>(views.values());
    all.sort(Comparator.comparingLong(MigrationView::startedAtEpochMillis).reversed());
    return all;
  }

  synchronized MigrationView view(MigrationId id) {
    MigrationView view = views.get(id.value());
    if (view == null) {
      throw Problem.unknown(
              "unknown-migration",
              "This host knows no migration '%s'".formatted(id),
              "'drover migration list' shows those it knows.")
          .asException();
    }
    return view;
  }
}
