package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.model.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/**
 * A new guest with a disk in a new lab for each run: what came before leaves nothing that could be
 * found. A client fetches pages from it all the time.
 */
final class RelocationSite implements Site {
  private static final String GUEST = "whole";
  private static final Duration QUIET = Duration.ofSeconds(2);
  private static final Duration SETTLE = Duration.ofSeconds(2);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration REACH_PATIENCE = Duration.ofSeconds(30);

  /** Pages are asked for more often, so whoever waits longer waits for the guest. */
  private static final double ANSWERED_MILLIS = 1000;

  private static final double MEBIBYTE = 1 << 20;

  private final LikeDisk disk;
  private final Function<Carrier, Lab> labs;
  private final HostControl.Factory agents;
  private final GuestImage image;
  private final Steps steps;

  RelocationSite(
      LikeDisk disk,
      Function<Carrier, Lab> labs,
      HostControl.Factory agents,
      GuestImage image,
      Steps steps) {
    this.disk = disk;
    this.labs = labs;
    this.agents = agents;
    this.image = image;
    this.steps = steps;
  }

  @Override
  public Measured measure(Piece piece) {
    Carrier carrier = Carrier.of(piece.contender());
    try (Lab lab = labs.apply(carrier)) {
      return Measured.of(values(lab, courier(carrier, lab)));
    }
  }

  private Courier courier(Carrier carrier, Lab lab) {
    StockPrograms programs = StockPrograms.ofMachine();
    return switch (carrier) {
      case AGENTS -> new AgentCourier(lab, agents, steps::migration);
      case MIRROR -> new MirrorCourier(lab, steps::detail);
      case RSYNC -> new FreezingCourier(lab, programs, FreezingCourier.Tool.RSYNC, steps::detail);
      case SCP -> new FreezingCourier(lab, programs, FreezingCourier.Tool.SCP, steps::detail);
    };
  }

  private Map<Measure, Double> values(Lab lab, Courier courier) {
    steps.detail("making images");
    disk.writeCopy(Relocations.DISK.on(lab, Relocations.FROM));
    Path arriving = Relocations.DISK.on(lab, Relocations.TO);
    courier.prepare(disk);
    LabGuest guest =
        new LabGuest(
            lab, image, GUEST, 0, Relocations.WORKLOAD, LabGuest.memoryFor(Relocations.WORKLOAD));
    GuestSpec spec = guest.specWith(List.of(Relocations.DISK.raw()));
    steps.detail("booting a guest");
    courier.start(spec);
    guest.awaitLoaded(Relocations.FROM);
    try (Clients clients =
        Clients.of(lab, image, guest.address(), Set.of(ClientKind.WEB), REACH_PATIENCE)) {
      Programs.pause(QUIET);
      clients.mark();
      LinkCounters before = LinkCounters.ofMigrationLink(lab.node(Relocations.FROM));
      Map<Measure, Double> values = new EnumMap<>(courier.carry(spec));
      values.put(
          Measure.LINK_BYTES,
          LinkCounters.ofMigrationLink(lab.node(Relocations.FROM)).since(before).sentBytes()
              / MEBIBYTE);
      values.put(Measure.DISRUPTION, disruptionSeconds(lab, guest, clients));
      requireWell(arriving, guest);
      return values;
    }
  }

  /** The longest time without a page; whoever is not served yet is waited for. */
  private static double disruptionSeconds(Lab lab, LabGuest guest, Clients clients) {
    Programs.pause(SETTLE);
    long deadline = System.nanoTime() + REACH_PATIENCE.toNanos();
    ClientReport report = web(clients);
    while (report.silentMillis() > ANSWERED_MILLIS) {
      if (System.nanoTime() > deadline) {
        throw Problem.migration(
                "guest-unreachable",
                "The guest arrived, and serves nobody: %s; %s"
                    .formatted(report, traces(lab, guest)),
                "Try that case alone, with --case and --contender.")
            .asException();
      }
      Programs.pause(LOOK);
      report = web(clients);
    }
    return report.gapMillis() / 1000;
  }

  /** The lab is gone when somebody reads of it. */
  private static String traces(Lab lab, LabGuest guest) {
    String reach =
        "ip neigh show to %1$s; ping -c 2 -W 1 %1$s | grep received; true"
            .formatted(guest.address());
    String serial = "tail -n 2 /run/serial/%s.log; true".formatted(guest.name());
    return "the client: %s; its serial line there: %s"
        .formatted(
            lab.client().run("sh", "-c", reach).strip(),
            lab.node(Relocations.TO).run("sh", "-c", serial).strip());
  }

  private static ClientReport web(Clients clients) {
    return Objects.requireNonNull(clients.reports().get(ClientKind.WEB), "the client of pages");
  }

  /** A guest that lost something on the way did not move, however fast that was. */
  private void requireWell(Path arrived, LabGuest guest) {
    OptionalLong wrong = disk.firstDifference(arrived);
    if (wrong.isPresent()) {
      throw Problem.migration(
              "disk-differs",
              "The disk that arrived is not the one that left, from byte %d on"
                  .formatted(wrong.getAsLong()),
              "")
          .asException();
    }
    guest.serial(Relocations.FROM);
    guest.serial(Relocations.TO);
    if (!guest.faults().isEmpty()) {
      throw Problem.migration(
              "guest-faults", "The guest complains: " + guest.faults().getFirst(), "")
          .asException();
    }
  }

  /** Each lab was closed with its run. */
  @Override
  public void close() {}
}
