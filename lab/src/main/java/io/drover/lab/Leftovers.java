package io.drover.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Removes labs, and finds what a removed lab left behind. */
final class Leftovers {
  private Leftovers() {}

  /** Labs whose owner died, or of which no namespace is left. Call it under the store's lock. */
  static List<String> removeDeadLabs(LabStore store) {
    List<String> removed = new ArrayList<>();
    for (String name : store.names()) {
      Optional<LabRecord> record = store.read(name);
      // Records are written under the same lock, so a folder without one has nobody behind it.
      if (record.isEmpty() && store.isInUseElsewhere(name)) {
        continue;
      }
      if (record.isEmpty()) {
        killMarked(name);
        store.remove(name);
        removed.add(name);
      } else if (record.get().isLeftover()) {
        remove(store, record.get());
        removed.add(name);
      }
    }
    return removed;
  }

  static void remove(LabStore store, LabRecord record) {
    // The newest record: a lab that is being built may know more nodes than its first record.
    LabRecord newest = store.read(record.name()).orElse(record);
    for (NodeRecord node : newest.nodes()) {
      new Node(node).end();
    }
    killMarked(record.name());
    store.remove(record.name());
  }

  /** What the record does not know: a node whose maker died before it wrote it down. */
  private static void killMarked(String name) {
    for (int round = 0; round < 100; round++) {
      List<ProcessIdentity> marked = marked(name);
      if (marked.isEmpty()) {
        return;
      }
      marked.forEach(ProcessIdentity::kill);
      try {
        Thread.sleep(20);
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }
  }

  /** Processes that a lab started, wherever they are now. */
  static List<ProcessIdentity> marked(String name) {
    String mark = Node.MARK + "=" + name;
    long self = ProcessHandle.current().pid();
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.map(ProcessHandle::pid)
          .filter(pid -> pid != self && environment(pid).contains(mark))
          .flatMap(pid -> ProcessIdentity.of(pid).stream())
          .toList();
    }
  }

  private static List<String> environment(long pid) {
    try {
      return List.of(
          Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1)
              .split("\0", -1));
    } catch (IOException gone) {
      return List.of();
    }
  }

  private static boolean isOfAnotherLab(long pid, String name) {
    String prefix = Node.MARK + "=";
    return environment(pid).stream()
        .anyMatch(text -> text.startsWith(prefix) && !text.equals(prefix + name));
  }

  /** Everything that is still there of a lab that was removed, each as a short sentence. */
  static List<String> find(LabStore store, LabRecord record) {
    List<String> found = new ArrayList<>();
    for (ProcessIdentity process : marked(record.name())) {
      found.add("process %d (%s)".formatted(process.pid(), command(process.pid())));
    }
    if (Files.exists(store.folder(record.name()))) {
      found.add("folder " + store.folder(record.name()));
    }
    List<Long> namespaces = record.nodes().stream().map(NodeRecord::networkNamespace).toList();
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      all.map(ProcessHandle::pid)
          .filter(pid -> namespaces.contains(Node.networkNamespace(pid)))
          // The kernel uses numbers again: a younger lab may have got one of ours.
          .filter(pid -> !isOfAnotherLab(pid, record.name()))
          .forEach(pid -> found.add("process %d (%s) in a namespace".formatted(pid, command(pid))));
    }
    try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mountinfo"))) {
      mounts
          .filter(line -> line.contains(store.folder(record.name()).toString() + "/"))
          .forEach(line -> found.add("mount " + line));
    } catch (IOException failure) {
      found.add("unreadable mount table: " + failure.getMessage());
    }
    for (String line : unixSockets()) {
      if (line.contains(store.folder(record.name()).toString() + "/")) {
        found.add("socket " + line.substring(line.lastIndexOf(' ') + 1));
      }
    }
    return found;
  }

  private static List<String> unixSockets() {
    try {
      return Files.readAllLines(Path.of("/proc/net/unix"), StandardCharsets.ISO_8859_1);
    } catch (IOException failure) {
      return List.of();
    }
  }

  static String command(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
    } catch (IOException gone) {
      return "gone";
    }
  }
}
