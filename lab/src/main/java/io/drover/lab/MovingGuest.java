package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.model.ByteRate;
import io.drover.model.Mode;
import io.drover.model.Problem;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A guest that goes there and back in a lab of its own. Lab and guest are made with the first move,
 * and again after {@link #close}.
 */
final class MovingGuest implements AutoCloseable {
  private static final String GUEST = "bench";
  private static final double MEBIBYTE = 1 << 20;

  private final Supplier<Lab> labs;
  private final HostControl.Factory agents;
  private final GuestImage image;
  private final Case one;
  private @Nullable Place place;

  /**
   * Where the guest is.
   *
   * @param idealSeconds how long its memory takes at line rate, counted once: a load that keeps
   *     rewriting the same memory makes no more of it
   */
  private record Place(
      Lab lab, LabGuest guest, String here, String there, OptionalDouble idealSeconds) {}

  MovingGuest(Supplier<Lab> labs, HostControl.Factory agents, GuestImage image, Case one) {
    this.labs = labs;
    this.agents = agents;
    this.image = image;
    this.one = one;
  }

  /** Moves it to where it is not. */
  Measured move(Contender contender, Consumer<MigrationView> progress) {
    Place from = place();
    Mode mode = contender.modeIn(one);
    boolean moverTells = contender.way().mover() == Way.Mover.AGENTS;
    if (moverTells
        && (mode == Mode.POSTCOPY || mode == Mode.HYBRID)
        && !agents.at(LabAgents.socket(from.lab(), from.there())).host().postCopy()) {
      return Measured.absent("QEMU cannot do post-copy on this machine.");
    }
    Optional<ProbedReads> readsBefore =
        one.workload() instanceof Workload.Probed
            ? Optional.of(from.guest().awaitProbe(from.here()))
            : Optional.empty();
    MeasuredMove move =
        MeasuredMove.run(
            from.lab(),
            from.guest(),
            from.here(),
            from.there(),
            agents.at(LabAgents.socket(from.lab(), from.here())),
            MigrationRequest.of(GUEST, from.there())
                .withMode(mode.word())
                .withTransport(contender.way().word())
                .withDedup(contender.dedup().word()),
            moverTells && mode == Mode.PRECOPY
                ? new Convergence()::lost
                : MeasuredMove.GiveUp.NEVER,
            progress);
    if (move.lost().isPresent()) {
      return Measured.absent(move.lost().get());
    }
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
    place = new Place(from.lab(), from.guest(), from.there(), from.here(), from.idealSeconds());
    Map<Measure, Double> values = values(move, from.idealSeconds());
    readsBefore.ifPresent(
        before -> putWaits(values, from.guest().awaitProbe(from.there()).since(before)));
    return new Measured(values, Optional.empty(), move.linkUse());
  }

  private static Map<Measure, Double> values(MeasuredMove move, OptionalDouble idealSeconds) {
    Map<Measure, Double> values = new EnumMap<>(Measure.class);
    double seconds = move.totalMillis() / 1000;
    values.put(Measure.TOTAL, seconds);
    values.put(Measure.CLIENT_GAP, move.clientGapMillis());
    move.migration().downtimeMillis().ifPresent(millis -> values.put(Measure.DOWNTIME, millis));
    values.put(Measure.LINK_BYTES, move.linkBytes() / MEBIBYTE);
    values.put(Measure.LINK_RATE, move.linkMegabitsPerSecond());
    // Where the load cannot tell, silence is no proof.
    if (move.memory().isPresent() || move.memoryErrors() > 0) {
      values.put(Measure.MEMORY_ERRORS, (double) move.memoryErrors());
    }
    if (seconds > 0) {
      values.put(Measure.THROUGHPUT, move.linkBytes() / MEBIBYTE / seconds);
    }
    if (move.linkBytes() > 0) {
      double gibibytes = move.linkBytes() / MEBIBYTE / 1024;
      values.put(Measure.SOURCE_PROCESSOR, move.sourceProcessor().toMillis() / 1000.0 / gibibytes);
      values.put(Measure.TARGET_PROCESSOR, move.targetProcessor().toMillis() / 1000.0 / gibibytes);
    }
    move.migration()
        .content()
        .ifPresent(content -> values.put(Measure.SPARED, content.foundBytes() / MEBIBYTE));
    idealSeconds.ifPresent(
        ideal -> {
          values.put(Measure.IDEAL, ideal);
          values.put(Measure.LINE_RATIO, seconds / ideal);
        });
    return values;
  }

  private static void putWaits(Map<Measure, Double> values, ProbedReads reads) {
    values.put(Measure.FAULTS, (double) reads.slowReads());
    reads.quantileMillis(0.5).ifPresent(millis -> values.put(Measure.FAULT_MEDIAN, millis));
    reads.quantileMillis(0.99).ifPresent(millis -> values.put(Measure.FAULT_P99, millis));
  }

  private OptionalDouble idealSeconds(LabGuest guest, String host) {
    Optional<ByteRate> rate = one.shape().rate();
    Optional<ProcessIdentity> qemu = guest.process(host);
    if (rate.isEmpty() || qemu.isEmpty()) {
      return OptionalDouble.empty();
    }
    OptionalLong bytes =
        NonZeroMemory.bytes(qemu.get(), LabGuest.memoryFor(one.workload()).bytes());
    return bytes.isPresent()
        ? OptionalDouble.of((double) bytes.getAsLong() / rate.get().bytesPerSecond())
        : OptionalDouble.empty();
  }

  private Place place() {
    Place known = place;
    if (known != null) {
      return known;
    }
    Lab lab = labs.get();
    LabGuest guest =
        new LabGuest(lab, image, GUEST, 0, one.workload(), LabGuest.memoryFor(one.workload()));
    // Known before it boots: if it does not, close takes the lab down.
    place = new Place(lab, guest, "alpha", "beta", OptionalDouble.empty());
    agents.at(LabAgents.socket(lab, "alpha")).startGuest(guest.spec());
    guest.awaitLoaded("alpha");
    Place ready = new Place(lab, guest, "alpha", "beta", idealSeconds(guest, "alpha"));
    place = ready;
    return ready;
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
