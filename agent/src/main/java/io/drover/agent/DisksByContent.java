package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.chunk.exchange.ByteSink;
import io.drover.model.Dedup;
import io.drover.wire.PeerMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** One guest's disks on their way out by content, over all connections. */
final class DisksByContent {
  private final Dedup wanted;
  private final Map<String, NamingWorth> worth = new ConcurrentHashMap<>();
  private final List<NamedChanges> all = new CopyOnWriteArrayList<>();

  DisksByContent(Dedup wanted) {
    this.wanted = wanted;
  }

  /** For a disk's next connection. */
  NamedChanges begin(
      String disk, PeerMessage.ContentUse agreed, ByteSink toTarget, DiskCrossing.Answers answers) {
    NamedChanges made =
        new NamedChanges(
            disk,
            HeldChunks.compression(agreed),
            worth.computeIfAbsent(
                disk, _ -> new NamingWorth(wanted, Optional::empty, System::nanoTime)),
            toTarget,
            answers);
    all.add(made);
    return made;
  }

  /** What people are shown; nothing where content was not used. */
  Optional<MigrationView.ContentView> view() {
    return all.isEmpty()
        ? Optional.empty()
        : Optional.of(
            MemoryByContent.view(
                all.stream().map(NamedChanges::saving).toList(),
                0,
                worth.values().stream().flatMap(each -> each.off().stream()).findFirst()));
  }
}
