package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.CheckReport;
import io.drover.api.EventReader;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.ByteRate;
import io.drover.model.Chain;
import io.drover.model.Dedup;
import io.drover.model.Mode;
import io.drover.model.Problem;
import io.drover.model.Storage;
import io.drover.model.Transport;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code drover migrate}: the daily verb. */
@Command(
    name = "migrate",
    description = "Move a running guest to another host.",
    footer = {
      "",
      "Without --detach it follows the migration to its end. Ctrl-C ends the following, not the",
      "migration; 'drover migration cancel ID' does that."
    })
final class MigrateVerb extends Verb {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli fills it; the verb reads it
  private final AgentOptions shared;

  @Parameters(paramLabel = "GUEST", description = "The guest's name.")
  private String guest = "";

  @Option(names = "--to", paramLabel = "HOST", required = true, description = "The peer's name.")
  private String to = "";

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      converter = Converters.ToMode.class,
      description = "auto (default), precopy, postcopy, hybrid or cold.")
  private Optional<Mode> mode = Optional.empty();

  @Option(
      names = "--transport",
      paramLabel = "HOW",
      converter = Converters.ToTransport.class,
      description = "tunnel (default), native or native-tls.")
  private Optional<Transport> transport = Optional.empty();

  @Option(
      names = "--bandwidth",
      paramLabel = "RATE",
      converter = Converters.ToRate.class,
      description = "A ceiling for what crosses the link, for example 200mbit. Default: none.")
  private Optional<ByteRate> bandwidth = Optional.empty();

  @Option(
      names = "--max-downtime",
      paramLabel = "TIME",
      converter = Converters.ToDuration.class,
      description = "How long the guest may stand still. Default: 100ms.")
  private Optional<Duration> maxDowntime = Optional.empty();

  @Option(
      names = "--parallel",
      paramLabel = "N",
      description = "Extra bulk channels for pre-copy. Default: 0.")
  private Optional<Integer> parallel = Optional.empty();

  @Option(
      names = "--dedup",
      paramLabel = "WHEN",
      converter = Converters.ToDedup.class,
      description =
          "Send only memory that the target does not hold: auto (default, as long as it pays), on"
              + " or off.")
  private Optional<Dedup> dedup = Optional.empty();

  @Option(
      names = "--with-storage",
      description =
          "All disks move; a shared one is refused. By default those move that are not shared.")
  private boolean withStorage;

  @Option(
      names = "--keep-images",
      description = "Put the images of moved disks aside at the source instead of removing them.")
  private boolean keepImages;

  @Option(
      names = "--storage-chain",
      paramLabel = "HOW",
      converter = Converters.ToChain.class,
      description =
          "A disk that is based on another image: rebase (on one that the target holds and that has"
              + " the same content), keep (the same, and copy the base if it holds none), flatten,"
              + " or auto (default: rebase where possible, else flatten).")
  private Optional<Chain> chain = Optional.empty();

  @Option(names = "--detach", description = "Start it and return; it goes on by itself.")
  private boolean detach;

  @Option(names = "--dry-run", description = "Check everything and move nothing.")
  private boolean dryRun;

  private MigrateVerb(AgentOptions options, Terminal terminal) {
    super(options, terminal);
    this.shared = options;
  }

  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new MigrateVerb(new AgentOptions(), terminal));
  }

  private Optional<Storage> storage() {
    if (withStorage && keepImages) {
      throw Problem.usage(
              "bad-storage",
              "--with-storage and --keep-images do not go together",
              "Leave out --with-storage: disks that are not shared move anyway.")
          .asException();
    }
    return withStorage
        ? Optional.of(Storage.MOVE)
        : keepImages ? Optional.of(Storage.KEEP) : Optional.empty();
  }

  @Override
  int run(ApiClient client) {
    MigrationRequest request =
        new MigrationRequest(
            guest,
            to,
            mode.map(Mode::word),
            transport.map(Transport::word),
            bandwidth.map(ByteRate::bytesPerSecond),
            maxDowntime.map(Duration::toMillis),
            parallel,
            dedup.map(Dedup::word),
            storage().map(Storage::word),
            chain.map(Chain::word),
            Optional.empty());
    if (dryRun) {
      CheckReport report = client.check(request);
      answer(report, () -> MigrationText.checks(report, terminal()));
      return report.possible() ? 0 : Problem.Kind.MIGRATION.exitCode();
    }
    if (detach) {
      MigrationView begun = client.migrate(request);
      return answer(
          begun,
          () ->
              List.of(
                  "Migration %s of %s to %s has begun.".formatted(begun.id(), guest, to),
                  "Follow it with 'drover migration watch %s'.".formatted(begun.id())));
    }
    Follower follower = new Follower(client, err());
    // Listening before it starts, so that not even a quick migration ends unseen.
    try (EventReader events = client.events()) {
      MigrationView begun = client.migrate(request);
      MigrationView ended;
      if (json()) {
        ended = follower.follow(begun, events, view -> {});
      } else {
        Progress progress = new Progress(terminal(), out());
        ended = follower.follow(begun, events, progress::show);
        progress.clear();
      }
      answer(ended, () -> MigrationText.summary(ended, terminal()));
      return MigrationText.exitCode(ended);
    }
  }
}
