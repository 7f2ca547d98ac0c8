package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.Decision;
import io.drover.api.EventReader;
import io.drover.api.Json;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationView;
import io.drover.model.ByteRate;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code drover migration …}. */
@Command(
    name = "migration",
    description = "List, show, watch, cancel, change and resolve migrations.")
final class MigrationVerbs {
  @Mixin private final AgentOptions options = new AgentOptions();

  private MigrationVerbs() {}

  static CommandLine commandLine(Terminal terminal) {
    MigrationVerbs migration = new MigrationVerbs();
    AgentOptions options = migration.options;
    return new CommandLine(migration)
        .addSubcommand(new ListAll(options, terminal))
        .addSubcommand(new Show(options, terminal))
        .addSubcommand(new Watch(options, terminal))
        .addSubcommand(new Cancel(options, terminal))
        .addSubcommand(new Change(options, terminal))
        .addSubcommand(new Resolve(options, terminal));
  }

  @Command(name = "list", description = "List running migrations and those that ended lately.")
  private static final class ListAll extends Verb {
    ListAll(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      List<MigrationView> migrations = client.migrations();
      return answer(migrations, () -> MigrationText.list(migrations, terminal()));
    }
  }

  /** A verb about one migration. */
  private abstract static class OneMigration extends Verb {
    @Parameters(paramLabel = "ID", description = "From 'drover migration list'.")
    private String id = "";

    OneMigration(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    final String id() {
      return id;
    }
  }

  @Command(name = "show", description = "Show a migration, or the report of one that ended.")
  private static final class Show extends OneMigration {
    Show(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      MigrationView view = client.migration(id());
      return answer(view, () -> MigrationText.details(view, terminal()));
    }
  }

  @Command(
      name = "watch",
      description = "Follow a migration to its end. With --json: a line for every change.")
  private static final class Watch extends OneMigration {
    Watch(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      try (EventReader events = client.events()) {
        MigrationView first = client.migration(id());
        Follower follower = new Follower(client, err());
        if (json()) {
          return MigrationText.exitCode(follower.follow(first, events, this::printLine));
        }
        Progress progress = new Progress(terminal(), out());
        MigrationView ended = follower.follow(first, events, progress::show);
        progress.clear();
        print(MigrationText.summary(ended, terminal()));
        return MigrationText.exitCode(ended);
      }
    }

    private void printLine(MigrationView view) {
      out().println(Json.write(view));
      out().flush();
    }
  }

  @Command(
      name = "cancel",
      description = "Cancel a migration: the guest runs on at the source. Too late is said.")
  private static final class Cancel extends OneMigration {
    Cancel(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      MigrationView view = client.cancelMigration(id());
      return answer(
          view,
          () ->
              view.outcome().isPresent()
                  ? MigrationText.summary(view, terminal())
                  : List.of("Migration %s is being cancelled.".formatted(id())));
    }
  }

  @Command(name = "set", description = "Change a migration while it runs.")
  private static final class Change extends OneMigration {
    @Option(
        names = "--bandwidth",
        paramLabel = "RATE",
        description = "A ceiling such as 200mbit, or none.")
    private Optional<String> bandwidth = Optional.empty();

    @Option(
        names = "--max-downtime",
        paramLabel = "TIME",
        converter = Converters.ToDuration.class,
        description = "How long the guest may stand still.")
    private Optional<Duration> maxDowntime = Optional.empty();

    @Option(
        names = "--postcopy",
        description = "Let the guest run at the target now, where the mode allows it.")
    private boolean postCopyNow;

    Change(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      if (bandwidth.isEmpty() && maxDowntime.isEmpty() && !postCopyNow) {
        throw Problem.usage(
                "nothing-to-change",
                "There is nothing to change",
                "Give --bandwidth, --max-downtime or --postcopy.")
            .asException();
      }
      MigrationView view =
          client.changeMigration(
              id(),
              new MigrationChange(
                  bandwidth.map(
                      text -> text.equals("none") ? 0 : ByteRate.parse(text).bytesPerSecond()),
                  maxDowntime.map(Duration::toMillis),
                  postCopyNow ? Optional.of(true) : Optional.empty()));
      return answer(view, () -> List.of("Migration %s is changed.".formatted(id())));
    }
  }

  @Command(
      name = "resolve",
      description = {
        "Decide by hand about a guest whose migration cannot tell who owns it.",
        "run: this host's copy may run. Only say so when you know that no other copy does.",
        "discard: this host's copy is to go."
      })
  private static final class Resolve extends OneMigration {
    @Parameters(index = "1", paramLabel = "run|discard", description = "The decision.")
    private String decision = "";

    Resolve(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      MigrationView view = client.resolveMigration(id(), Decision.parse(decision));
      return answer(view, () -> List.of("Migration %s is resolved: %s.".formatted(id(), decision)));
    }
  }
}
