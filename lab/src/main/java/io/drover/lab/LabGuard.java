package io.drover.lab;

import java.time.Duration;

/** Removes the lab of this process when the process is told to end, by Ctrl-C or otherwise. */
final class LabGuard implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final LabStore store;
  private final LabName name;
  private final Thread worker = Thread.currentThread();
  private final Thread hook = Thread.ofPlatform().unstarted(this::ending);

  LabGuard(LabStore store, LabName name) {
    this.store = store;
    this.name = name;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void ending() {
    // First stop whoever might still be building, then remove what is there.
    worker.interrupt();
    try {
      worker.join(PATIENCE);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    store
        .read(name.value())
        .filter(record -> record.owner().equals(ProcessIdentity.current()))
        .filter(record -> record.keeping() == LabRecord.Keeping.OWNED)
        .ifPresent(record -> Leftovers.remove(store, record));
    store.removeRootIfEmpty();
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The process is ending and the hook runs; it does what is needed.
    }
  }
}
