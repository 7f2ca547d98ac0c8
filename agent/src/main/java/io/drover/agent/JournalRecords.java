package io.drover.agent;

import io.drover.api.Json;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestName;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.network.GuestWhereabouts;
import io.drover.network.Redirects;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Guests and migrations as documents in the journal. */
final class JournalRecords implements Guests.Records, MigrationStore.Disk, Redirects.Store {
  private static final Logger LOG = LoggerFactory.getLogger(JournalRecords.class);
  private static final String GUESTS = "guests/";
  private static final String MIGRATIONS = "migrations/";
  private static final String WHEREABOUTS = "whereabouts/";

  private final Journal journal;
  private final List<GuestDefinition> guests = new ArrayList<>();
  private final List<MigrationEntry> migrations = new ArrayList<>();
  private final List<GuestWhereabouts> whereabouts = new ArrayList<>();
  private final List<Problem> unreadable = new ArrayList<>();
  private final Set<String> damaged = new HashSet<>();

  /** Reads all; what cannot be read is a problem to show, and is not touched. */
  JournalRecords(Journal journal) {
    this.journal = journal;
    Journal.Contents contents = journal.load(Set.of(GUESTS, MIGRATIONS, WHEREABOUTS));
    unreadable.addAll(contents.unreadable());
    damaged.addAll(contents.damaged());
    new TreeMap<>(contents.documents()).forEach(this::read);
    unreadable.forEach(problem -> LOG.error("{}", problem));
  }

  private void read(String key, String json) {
    try {
      if (key.startsWith(GUESTS)) {
        guests.add(Json.readView(json, GuestDefinition.class));
      } else if (key.startsWith(MIGRATIONS)) {
        migrations.add(Json.readView(json, MigrationEntry.class));
      } else if (key.startsWith(WHEREABOUTS)) {
        whereabouts.add(Json.readView(json, GuestWhereabouts.class));
      }
    } catch (ProblemException e) {
      damaged.add(key);
      unreadable.add(
          Problem.host(
              "journal-unknown-form",
              "The journal's record of %s is in a form this version cannot read: %s"
                  .formatted(key, e.problem().message()),
              "Run the version that wrote it, or move the file away."));
    }
  }

  List<Problem> unreadable() {
    return List.copyOf(unreadable);
  }

  @Override
  public void keep(GuestDefinition definition) {
    journal.write(GUESTS + definition.name(), Json.write(definition));
  }

  @Override
  public void forget(GuestName name) {
    journal.delete(GUESTS + name);
  }

  @Override
  public List<GuestDefinition> all() {
    return List.copyOf(guests);
  }

  @Override
  public boolean isDamaged(GuestName name) {
    return damaged.contains(GUESTS + name);
  }

  @Override
  public void put(MigrationId id, MigrationEntry entry) {
    journal.write(MIGRATIONS + id, Json.write(entry));
  }

  @Override
  public void delete(MigrationId id) {
    journal.delete(MIGRATIONS + id);
  }

  @Override
  public List<MigrationEntry> entries() {
    return List.copyOf(migrations);
  }

  @Override
  public void keep(GuestWhereabouts kept) {
    journal.write(WHEREABOUTS + kept.guest(), Json.write(kept));
  }

  @Override
  public void forgetWhereabouts(GuestName guest) {
    journal.delete(WHEREABOUTS + guest);
  }

  @Override
  public List<GuestWhereabouts> allWhereabouts() {
    return List.copyOf(whereabouts);
  }
}
