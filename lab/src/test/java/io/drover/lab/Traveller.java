package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.GuestSpec;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A guest that moves between the hosts of a fleet and tells on its serial lines how it fares. */
final class Traveller {
  private final Fleet fleet;
  private final LabGuest guest;
  private final GuestSpec spec;
  private String host;
  private int moves;

  private record Heard(long number, double guestSeconds, String host) {}

  Traveller(Fleet fleet, LabGuest guest, GuestSpec spec, String host) {
    this.fleet = fleet;
    this.guest = guest;
    this.spec = spec;
    this.host = host;
  }

  GuestSpec spec() {
    return spec;
  }

  String name() {
    return spec.name();
  }

  LabGuest labGuest() {
    return guest;
  }

  String address() {
    return guest.address();
  }

  /** What it took in without answering, as it said on its host. */
  Optional<SilentTraffic> silentTraffic() {
    return guest.serial(host).silentTraffic();
  }

  String host() {
    return host;
  }

  String elsewhere() {
    return Fleet.other(host);
  }

  /** Begins a move to the other host. */
  MigrationView begin(String mode) {
    return begin(Fleet.request(name(), elsewhere(), mode));
  }

  /** Begins one that takes its time. */
  MigrationView beginSlowly(String mode) {
    return begin(Fleet.limited(name(), elsewhere(), mode, 4_000_000));
  }

  MigrationView begin(MigrationRequest request) {
    return fleet.agent(host).migrate(request);
  }

  /** Moves to the other host and has to get there. */
  MigrationView move(MigrationRequest request) {
    return arrived(begin(request).id());
  }

  MigrationView move(String mode) {
    return move(Fleet.request(name(), elsewhere(), mode));
  }

  /** Waits for a move's end, which has to be at the other host. */
  MigrationView arrived(String id) {
    MigrationView view = fleet.awaitEnd(host, id);
    assertThat(view.outcome()).as("%s", view).contains("completed");
    host = elsewhere();
    moves++;
    fleet.until(
        "the target says so as well",
        () -> fleet.agent(host).migration(id).outcome().equals(Optional.of("completed")));
    return view;
  }

  /** Runs at its host alone, remembers every byte, never ran twice; nothing is left elsewhere. */
  void assertWell() {
    fleet.until(
        name() + " runs on " + host,
        () ->
            fleet.agent(host).guests().stream()
                .anyMatch(view -> view.name().equals(name()) && view.state().equals("running")));
    fleet.assertNothingLeft();
    assertRemembers();
    assertThat(fleet.agent(Fleet.other(host)).guests())
        .noneMatch(view -> view.name().equals(name()));
  }

  /** A whole sweep of its memory that begins now finds nothing wrong. */
  void assertRemembers() {
    int before = statuses(host).size();
    fleet.until(name() + " speaks on " + host, () -> statuses(host).size() > before);
    long sweeps = statuses(host).getLast().sweeps();
    // The first sweep that ends may have begun before; the second did not.
    fleet.until(
        name() + " verified its memory on " + host,
        () -> statuses(host).getLast().sweeps() >= sweeps + 2);
    assertThat(statuses(host).getLast().errors()).isZero();
    assertThat(guest.serial(host).faults()).isEmpty();
    assertThat(guest.serial(Fleet.other(host)).faults()).isEmpty();
    assertRanOnce();
  }

  /** Nothing that it said on either host was a complaint. */
  void assertNoFaults() {
    assertThat(guest.serial(host).faults()).isEmpty();
    assertThat(guest.serial(Fleet.other(host)).faults()).isEmpty();
  }

  /** Two copies would say lines of the same number, and mix what they say. */
  void assertRanOnce() {
    List<Heard> heard = new ArrayList<>();
    for (String one : List.of(Fleet.ALPHA, Fleet.BETA)) {
      statuses(one)
          .forEach(status -> heard.add(new Heard(status.number(), status.guestSeconds(), one)));
    }
    heard.sort(Comparator.comparingLong(Heard::number));
    int changes = 0;
    for (int i = 1; i < heard.size(); i++) {
      Heard before = heard.get(i - 1);
      Heard now = heard.get(i);
      if (!now.host().equals(before.host())) {
        changes++;
      }
      assertThat(now.number())
          .as("no moment of the guest was lived twice: %s, %s", before, now)
          .isGreaterThan(before.number());
      assertThat(now.guestSeconds())
          .as("its clock went on: %s, %s", before, now)
          .isGreaterThanOrEqualTo(before.guestSeconds());
    }
    assertThat(changes).as("where it spoke: %s", heard).isLessThanOrEqualTo(moves);
  }

  List<MemoryStatus> statuses(String where) {
    Path file = fleet.lab().runFolder(where).resolve("serial").resolve(name() + ".log");
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1)
          .lines()
          .map(String::strip)
          .flatMap(line -> MemoryStatus.parse(line).stream())
          .toList();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** What its disk load says on a host, in order. */
  List<DiskStatus> diskStatuses(String where) {
    Path file = fleet.lab().runFolder(where).resolve("serial").resolve(name() + ".log");
    try (Stream<String> lines =
        Files.exists(file)
            ? Files.lines(file, StandardCharsets.ISO_8859_1)
            : Stream.<String>empty()) {
      return lines.map(String::strip).flatMap(line -> DiskStatus.parse(line).stream()).toList();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Whatever it wrote, from now on and before, is on its disks. */
  void assertDisksRemember() {
    for (GuestSpec.DiskSpec disk : spec.disks().orElseThrow()) {
      String device = "vd" + (char) ('a' + spec.disks().orElseThrow().indexOf(disk));
      fleet.until(name() + " speaks of " + device, () -> latest(device).isPresent());
      long sweeps = latest(device).orElseThrow().sweeps();
      fleet.until(
          name() + " verified " + device + " on " + host,
          () -> latest(device).orElseThrow().sweeps() >= sweeps + 2);
      assertThat(latest(device).orElseThrow().errors()).isZero();
    }
    assertThat(guest.serial(host).faults()).isEmpty();
    assertThat(guest.serial(Fleet.other(host)).faults()).isEmpty();
  }

  private Optional<DiskStatus> latest(String device) {
    return diskStatuses(host).stream()
        .filter(status -> status.device().equals(device))
        .reduce((_, last) -> last);
  }

  /** Grows while the guest runs there. */
  long spoken(String where) {
    Path file = fleet.lab().runFolder(where).resolve("serial").resolve(name() + ".log");
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
