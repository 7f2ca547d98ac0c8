package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.model.ByteRate;
import io.drover.model.Problem;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A guest that goes there and back in a lab of its own; the lab is made with the first move. */
final class MovingGuest implements AutoCloseable {
  private static final String GUEST = "bench";
  private static final double MEBIBYTE = 1 << 20;

  private final Supplier<Lab> labs;
  private final HostControl.Factory agents;
  private final GuestImage image;
  private final Case one;
  private final List<Measure> measures;
  private @Nullable Place place;

  /** Where the guest is. */
  private record Place(Lab lab, LabGuest guest, String here, String there) {}

  MovingGuest(
      Supplier<Lab> labs,
      HostControl.Factory agents,
      GuestImage image,
      Case one,
      List<Measure> measures) {
    this.labs = labs;
    this.agents = agents;
    this.image = image;
    this.one = one;
    this.measures = measures;
  }

  /** Moves it to where it is not. */
  Map<Measure, Double> move(Contender contender, Consumer<MigrationView> progress) {
    Place from = place();
    OptionalLong nonZero =
        measures.contains(Measure.LINE_RATIO) ? nonZeroBytes(from) : OptionalLong.empty();
    MeasuredMove move =
        MeasuredMove.run(
            from.lab(),
            from.guest(),
            from.here(),
            from.there(),
            agents.at(LabAgents.socket(from.lab(), from.here())),
            new MigrationRequest(
                GUEST,
                from.there(),
                Optional.of(contender.mode().orElse(one.mode()).word()),
                Optional.of(contender.transport().word()),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()),
            progress);
    if (!move.completed()) {
      throw Problem.migration(
              "bench-move",
              "The move ended as %s%s"
                  .formatted(
                      move.migration().outcome().orElse("unknown"),
                      move.migration().problem().map(view -> ": " + view.message()).orElse("")),
              "")
          .asException();
    }
    place = new Place(from.lab(), from.guest(), from.there(), from.here());
    return values(move, nonZero);
  }

  private Map<Measure, Double> values(MeasuredMove move, OptionalLong nonZero) {
    Map<Measure, Double> values = new EnumMap<>(Measure.class);
    double seconds = move.totalMillis() / 1000;
    values.put(Measure.TOTAL, move.totalMillis());
    values.put(Measure.CLIENT_GAP, move.clientGapMillis());
    move.migration().downtimeMillis().ifPresent(millis -> values.put(Measure.DOWNTIME, millis));
    values.put(Measure.LINK_BYTES, move.linkBytes() / MEBIBYTE);
    values.put(Measure.LINK_RATE, move.linkMegabitsPerSecond());
    values.put(Measure.MEMORY_ERRORS, (double) move.memoryErrors());
    if (seconds > 0) {
      values.put(Measure.THROUGHPUT, move.linkBytes() / MEBIBYTE / seconds);
    }
    if (move.linkBytes() > 0) {
      values.put(
          Measure.PROCESSOR,
          move.processorTime().toMillis() / 1000.0 / (move.linkBytes() / MEBIBYTE / 1024));
    }
    Optional<ByteRate> rate = one.shape().rate();
    if (nonZero.isPresent() && rate.isPresent()) {
      values.put(
          Measure.LINE_RATIO,
          seconds / ((double) nonZero.getAsLong() / rate.get().bytesPerSecond()));
    }
    return values;
  }

  private OptionalLong nonZeroBytes(Place from) {
    return from.lab().node(from.here()).processes().stream()
        .filter(process -> Leftovers.command(process.pid()).startsWith("qemu-system"))
        .findFirst()
        .map(process -> NonZeroMemory.bytes(process, LabGuest.memoryFor(one.workload()).bytes()))
        .orElse(OptionalLong.empty());
  }

  private Place place() {
    Place known = place;
    if (known != null) {
      return known;
    }
    Lab lab = labs.get();
    LabGuest guest =
        new LabGuest(lab, image, GUEST, 0, one.workload(), LabGuest.memoryFor(one.workload()));
    Place fresh = new Place(lab, guest, "alpha", "beta");
    place = fresh; // also when it does not boot: then close takes the lab down
    agents.at(LabAgents.socket(lab, "alpha")).startGuest(guest.spec());
    guest.awaitLoaded("alpha");
    return fresh;
  }

  /** After a failure nobody knows what state things are in: begin with a new lab. */
  void restart() {
    close();
  }

  @Override
  public void close() {
    Place known = place;
    place = null;
    if (known != null) {
      known.lab().close();
    }
  }
}
