package io.drover.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What really crossed an interface of a node, with all headers.
 *
 * @param receivedBytes by the node
 * @param sentBytes by the node
 */
record LinkCounters(long receivedBytes, long sentBytes) {
  /** Of the card at which a host's agent listens. */
  static LinkCounters ofMigrationLink(Node host) {
    try {
      return parse(
          Files.readString(Path.of("/proc/" + host.record().init().pid() + "/net/dev")),
          host.record().machine().mainCard());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  static LinkCounters parse(String table, String name) {
    for (String line : table.split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
        String[] numbers = line.substring(colon + 1).strip().split("\\s+", -1);
        return new LinkCounters(Long.parseLong(numbers[0]), Long.parseLong(numbers[8]));
      }
    }
    throw new IllegalArgumentException("no interface " + name);
  }

  LinkCounters since(LinkCounters before) {
    return new LinkCounters(receivedBytes - before.receivedBytes, sentBytes - before.sentBytes);
  }
}
