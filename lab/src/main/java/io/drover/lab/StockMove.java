package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.HostView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.ProblemView;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A move that a stock tool makes, shown as an agent would show it, as far as that is known.
 *
 * @param endedNanos of the same clock; empty while it runs
 * @param failure why it did not arrive
 */
record StockMove(
    String id,
    String host,
    MigrationRequest request,
    long startedNanos,
    OptionalLong endedNanos,
    Optional<String> failure) {

  static StockMove started(String id, String host, MigrationRequest request) {
    return new StockMove(
        id, host, request, System.nanoTime(), OptionalLong.empty(), Optional.empty());
  }

  StockMove completed(long nanos) {
    return new StockMove(id, host, request, startedNanos, OptionalLong.of(nanos), failure);
  }

  StockMove failed(String why) {
    return new StockMove(
        id,
        host,
        request,
        startedNanos,
        OptionalLong.of(System.nanoTime()),
        Optional.of(why.strip()));
  }

  boolean ended() {
    return endedNanos.isPresent();
  }

  String mode() {
    return request.mode().orElse("precopy");
  }

  Way way() {
    return Way.parse(request.transport().orElse(Way.PLAIN.word()));
  }

  MigrationView view() {
    Optional<String> outcome =
        ended()
            ? Optional.of(failure.isEmpty() ? "completed" : "aborted")
            : Optional.<String>empty();
    double seconds = (endedNanos.orElseGet(System::nanoTime) - startedNanos) / 1e9;
    return new MigrationView(
        id,
        request.guest(),
        "source",
        host,
        request.to(),
        mode(),
        mode(),
        "as asked",
        way().word(),
        ended() ? "ended" : "copy",
        outcome,
        failure.map(
            why ->
                new ProblemView(
                    "migration", "stock-move", why, "Read the tool's log in the lab's folder.")),
        0,
        seconds,
        ended() ? 1 : 0,
        Optional.empty(),
        0,
        0,
        0,
        0,
        0,
        1,
        Optional.empty(),
        0,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of());
  }

  /** What the benchmark asks of whoever runs guests; the rest is nothing that it needs. */
  interface Host extends HostControl {
    @Override
    default HostView host() {
      throw unasked();
    }

    @Override
    default List<GuestView> guests() {
      throw unasked();
    }

    @Override
    default MigrationView cancelMigration(String id) {
      throw unasked();
    }

    private static RuntimeException unasked() {
      return new IllegalStateException("the benchmark does not ask this of a stock tool");
    }

    static GuestView started(GuestSpec spec) {
      return new GuestView(
          spec.name(),
          "",
          "running",
          0,
          1,
          "",
          "",
          List.of(),
          Optional.empty(),
          Optional.empty(),
          0,
          Optional.empty());
    }
  }
}
