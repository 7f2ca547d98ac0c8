package io.drover.cli;

import io.drover.api.GuestView;
import io.drover.model.ByteSize;
import java.util.ArrayList;
import java.util.List;

/** Guests as people read them. */
final class GuestText {
  private GuestText() {}

  static List<String> list(List<GuestView> guests, Terminal terminal) {
    if (guests.isEmpty()) {
      return List.of("No guests on this host. Start one with 'drover guest start FILE'.");
    }
    Table table = new Table("NAME", "STATE", ">MEMORY", ">VCPUS", "CPU", ">PID", "MIGRATION");
    for (GuestView guest : guests) {
      table.row(
          guest.name(),
          state(guest, terminal),
          new ByteSize(guest.memoryBytes()),
          guest.vcpus(),
          guest.cpu(),
          guest.pid() > 0 ? guest.pid() : "-",
          guest.migration().orElse("-"));
    }
    return table.lines(terminal);
  }

  static List<String> details(GuestView guest, Terminal terminal) {
    Facts facts = new Facts(terminal);
    facts.add("state", guest.state());
    guest.migration().ifPresent(id -> facts.add("migration", id));
    facts.add("memory", new ByteSize(guest.memoryBytes()).toString());
    facts.add("vcpus", Integer.toString(guest.vcpus()));
    facts.add("cpu", guest.cpu());
    facts.add("machine", guest.machine());
    guest.networkCards().forEach(card -> facts.add("card", card.mac() + " on " + card.bridge()));
    guest.owner().ifPresent(owner -> facts.add("owner", owner));
    guest.disks().forEach(disk -> facts.add("disk", disk.path() + ", " + disk.format()));
    guest.serialLog().ifPresent(path -> facts.add("serial log", path));
    facts.add("uuid", guest.uuid());
    facts.add("pid", guest.pid() > 0 ? Long.toString(guest.pid()) : "-");
    List<String> lines = new ArrayList<>(List.of(terminal.strong(Safe.text(guest.name()))));
    lines.addAll(facts.lines());
    return lines;
  }

  private static Object state(GuestView guest, Terminal terminal) {
    return switch (guest.state()) {
      case "running" -> Table.painted(guest.state(), terminal::good);
      case "unclear" -> Table.painted(guest.state(), terminal::bad);
      case "paused", "arriving", "waiting" -> Table.painted(guest.state(), terminal::warning);
      default -> guest.state();
    };
  }
}
