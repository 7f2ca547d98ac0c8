package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.GuestView;
import io.drover.api.StopManner;
import java.io.InputStream;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code drover guest …}. */
@Command(name = "guest", description = "Start, list, show, stop, pause and resume guests.")
final class GuestVerbs {
  @Mixin private final AgentOptions options = new AgentOptions();

  private GuestVerbs() {}

  static CommandLine commandLine(Terminal terminal, InputStream standardInput) {
    GuestVerbs guest = new GuestVerbs();
    AgentOptions options = guest.options;
    return new CommandLine(guest)
        .addSubcommand(new Start(options, terminal, standardInput))
        .addSubcommand(new ListAll(options, terminal))
        .addSubcommand(new Show(options, terminal))
        .addSubcommand(new Stop(options, terminal))
        .addSubcommand(new Pause(options, terminal))
        .addSubcommand(new Resume(options, terminal));
  }

  @Command(name = "start", description = "Start a guest from its definition.")
  private static final class Start extends Verb {
    private final InputStream standardInput;

    @Parameters(paramLabel = "FILE", description = "YAML or JSON; - is standard input.")
    private String file = "";

    Start(AgentOptions options, Terminal terminal, InputStream standardInput) {
      super(options, terminal);
      this.standardInput = standardInput;
    }

    @Override
    int run(ApiClient client) {
      GuestView guest = client.startGuest(GuestFile.read(file, standardInput));
      return answer(guest, () -> List.of("%s is %s.".formatted(guest.name(), guest.state())));
    }
  }

  @Command(name = "list", description = "List the guests of a host.")
  private static final class ListAll extends Verb {
    ListAll(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      List<GuestView> guests = client.guests();
      return answer(guests, () -> GuestText.list(guests, terminal()));
    }
  }

  /** A verb about one guest. */
  private abstract static class OneGuest extends Verb {
    @Parameters(paramLabel = "GUEST", description = "The guest's name.")
    private String name = "";

    OneGuest(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    final String name() {
      return name;
    }

    final int say(GuestView guest) {
      return answer(guest, () -> List.of("%s is %s.".formatted(guest.name(), guest.state())));
    }
  }

  @Command(name = "show", description = "Show one guest.")
  private static final class Show extends OneGuest {
    Show(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      GuestView guest = client.guest(name());
      return answer(guest, () -> GuestText.details(guest, terminal()));
    }
  }

  @Command(name = "stop", description = "Stop a guest by its power button.")
  private static final class Stop extends OneGuest {
    @Option(names = "--force", description = "At once, as if the power were cut.")
    private boolean force;

    Stop(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      return say(client.stopGuest(name(), force ? StopManner.FORCED : StopManner.ORDERLY));
    }
  }

  @Command(name = "pause", description = "Hold a guest where it is.")
  private static final class Pause extends OneGuest {
    Pause(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      return say(client.pauseGuest(name()));
    }
  }

  @Command(name = "resume", description = "Let a held guest run on.")
  private static final class Resume extends OneGuest {
    Resume(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      return say(client.resumeGuest(name()));
    }
  }
}
