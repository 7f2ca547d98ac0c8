package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.StoreJobView;
import io.drover.api.StoreOrder;
import io.drover.api.StoreView;
import io.drover.model.Problem;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code drover store …}. */
@Command(
    name = "store",
    description = "Show and look after what a host can give by content, so that it is not sent.")
final class StoreVerbs {
  private static final long POLL_MILLIS = 200;

  @Mixin private final AgentOptions options = new AgentOptions();

  private StoreVerbs() {}

  static CommandLine commandLine(Terminal terminal) {
    StoreVerbs store = new StoreVerbs();
    AgentOptions options = store.options;
    return new CommandLine(store)
        .addSubcommand(new Status(options, terminal))
        .addSubcommand(new Index(options, terminal))
        .addSubcommand(new Collect(options, terminal))
        .addSubcommand(new Verify(options, terminal))
        .addSubcommand(new Forget(options, terminal));
  }

  @Command(name = "status", description = "Show the store's size, bounds and sources.")
  private static final class Status extends Verb {
    Status(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      StoreView store = client.store();
      return answer(store, () -> StoreText.status(store, terminal()));
    }
  }

  /** Work that is followed to its end. */
  private abstract static class Work extends Verb {
    Work(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    abstract StoreOrder order();

    @Override
    int run(ApiClient client) {
      StoreJobView job = client.orderStore(order());
      while (!job.done()) {
        try {
          Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw Problem.usage(
                  "interrupted", "The work goes on without you", "Ask for 'drover store status'.")
              .asException(e);
        }
        job = client.storeJob(job.id());
      }
      job.problem()
          .ifPresent(
              failure -> {
                throw failure.problem().asException();
              });
      StoreJobView done = job;
      return answer(done, () -> StoreText.done(done));
    }
  }

  @Command(
      name = "index",
      description = {
        "Read a disk image, which stays where it is, so that it need not be sent.",
        "Without an image: read those again that are known and have changed."
      })
  private static final class Index extends Work {
    @Parameters(paramLabel = "IMAGE", arity = "0..1", description = "A path on the agent's host.")
    private Optional<Path> image = Optional.empty();

    @Option(
        names = "--owner",
        paramLabel = "NAME",
        description = "Whose guests may be given what it holds. Default: those without an owner.")
    private Optional<String> owner = Optional.empty();

    @Option(names = "--public", description = "Every guest may be given what it holds.")
    private boolean everybody;

    Index(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    StoreOrder order() {
      return new StoreOrder(
          "index",
          image.map(path -> path.toAbsolutePath().normalize().toString()),
          owner,
          everybody ? Optional.of("public") : Optional.empty(),
          Optional.empty());
    }
  }

  @Command(
      name = "gc",
      description =
          "Remove what cannot be used, forget images that are gone, and look for names that were"
              + " lost.")
  private static final class Collect extends Work {
    Collect(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    StoreOrder order() {
      return StoreOrder.of("gc");
    }
  }

  @Command(name = "verify", description = "Read everything again, and drop what does not hold.")
  private static final class Verify extends Work {
    Verify(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    StoreOrder order() {
      return StoreOrder.of("verify");
    }
  }

  @Command(
      name = "forget",
      description = "Remove a guest's checkpoint, or give away nothing of an image any more.")
  private static final class Forget extends Work {
    @Option(names = "--guest", paramLabel = "GUEST", description = "Whose checkpoint goes.")
    private Optional<String> guest = Optional.empty();

    @Option(names = "--image", paramLabel = "PATH", description = "It stays where it is.")
    private Optional<Path> image = Optional.empty();

    Forget(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    StoreOrder order() {
      if (guest.isEmpty() && image.isEmpty()) {
        throw Problem.usage(
                "nothing-to-forget", "Nothing is named", "Give --guest GUEST or --image PATH.")
            .asException();
      }
      return new StoreOrder(
          "forget",
          image.map(path -> path.toAbsolutePath().normalize().toString()),
          Optional.empty(),
          Optional.empty(),
          guest);
    }
  }
}
