package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.chunk.exchange.ByteSink;
import io.drover.chunk.exchange.Saving;
import io.drover.model.Dedup;
import io.drover.model.MemoryBudget;
import io.drover.wire.PeerMessage;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One guest's disks on their way out by content, over all connections. */
final class DisksByContent {
  private final Dedup wanted;
  private final Map<String, NamingWorth> worth = new ConcurrentHashMap<>();
  // A link that breaks often leaves many connections behind: of those only the numbers are kept.
  private final Set<NamedChanges> open = new HashSet<>();
  private Saving ended = Saving.NOTHING;
  private boolean used;

  DisksByContent(Dedup wanted) {
    this.wanted = wanted;
  }

  /** For a disk's next connection. */
  synchronized NamedChanges begin(
      String disk,
      PeerMessage.ContentUse agreed,
      MemoryBudget.Share memory,
      ByteSink toTarget,
      DiskCrossing.Answers answers) {
    NamedChanges made =
        new NamedChanges(
            disk,
            HeldChunks.compression(agreed),
            worth.computeIfAbsent(
                disk, _ -> new NamingWorth(wanted, Optional::empty, System::nanoTime)),
            memory,
            toTarget,
            answers,
            this::ended);
    open.add(made);
    used = true;
    return made;
  }

  private synchronized void ended(NamedChanges over) {
    if (open.remove(over)) {
      ended = ended.plus(over.saving());
    }
  }

  /** What people are shown; nothing where content was not used. */
  synchronized Optional<MigrationView.ContentView> view() {
    Saving all = open.stream().map(NamedChanges::saving).reduce(ended, Saving::plus);
    return used
        ? Optional.of(
            MemoryByContent.view(
                all, worth.values().stream().flatMap(each -> each.off().stream()).findFirst()))
        : Optional.empty();
  }
}
