package io.drover.lab;

import io.drover.model.Problem;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code drover lab …}. */
@Command(
    name = "lab",
    description = "Make hosts, a client and links on this machine, to try Drover on (as root).")
final class LabCommand {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Option(
      names = "--name",
      scope = ScopeType.INHERIT,
      paramLabel = "NAME",
      defaultValue = LabName.DEFAULT,
      description = "Which of several labs. Default: ${DEFAULT-VALUE}")
  private String name = LabName.DEFAULT;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print the answer as one JSON value.")
  private boolean json;

  private LabCommand() {}

  static CommandLine commandLine() {
    LabCommand lab = new LabCommand();
    return new CommandLine(lab)
        .addSubcommand(new Up(lab))
        .addSubcommand(new Status(lab))
        .addSubcommand(new Down(lab))
        .addSubcommand(new Exec(lab))
        .addSubcommand(new Cut(lab))
        .addSubcommand(new Heal(lab))
        .addSubcommand(new Shape(lab))
        .addSubcommand(new Off(lab))
        .addSubcommand(new On(lab))
        .addSubcommand(new Stop(lab))
        .addSubcommand(new Start(lab))
        .addSubcommand(new Image(lab));
  }

  /** What the verbs share. */
  private abstract static class LabVerb implements Callable<Integer> {
    private final LabCommand common;
    final LabStore store = LabStore.ofMachine();

    @Spec private CommandSpec spec = CommandSpec.create();

    LabVerb(LabCommand common) {
      this.common = common;
    }

    abstract int run();

    @Override
    public Integer call() {
      int code = run();
      out().flush();
      return code;
    }

    final LabName name() {
      return new LabName(common.name);
    }

    final Lab lab() {
      return Lab.attach(store, name());
    }

    final PrintWriter out() {
      return spec.commandLine().getOut();
    }

    final void progress(String line) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("  " + line);
      err.flush();
    }

    final int answer(Object value, List<String> lines) {
      if (common.json) {
        out().println(JSON.writeValueAsString(value));
      } else {
        lines.forEach(out()::println);
      }
      return 0;
    }
  }

  @Command(name = "up", description = "Make a lab; it stays until 'drover lab down'.")
  private static final class Up extends LabVerb {
    @Option(
        names = "--topology",
        paramLabel = "TOPOLOGY",
        defaultValue = Topology.PAIR,
        description = "pair, wan or a YAML file. Default: ${DEFAULT-VALUE}")
    private String topology = Topology.PAIR;

    @Option(
        names = "--hosts",
        paramLabel = "NAMES",
        defaultValue = "",
        description = "The hosts of a pair, one or more. Default: alpha,beta")
    private String hosts = "";

    @Option(
        names = "--user-space-link",
        description = "Use Drover's own link even where the kernel's would do.")
    private boolean userSpaceLink;

    @Option(names = "--no-agents", description = "Only namespaces and links.")
    private boolean noAgents;

    @Mixin private LinkOptions link = new LinkOptions();

    Up(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      LabPlan plan =
          LabPlan.of(name(), topology())
              .withKeeping(LabRecord.Keeping.KEPT)
              .withAgents(noAgents ? LabPlan.Agents.NONE : LabPlan.Agents.RUN);
      if (!link.shape().equals(LinkShape.UNSHAPED)) {
        plan = plan.withShape(link.shape());
      }
      if (userSpaceLink) {
        plan = plan.withUserSpaceLink();
      }
      Lab lab = Lab.up(store, plan, this::progress);
      return answer(LabStatus.of(lab), LabStatus.of(lab).lines());
    }

    private Topology topology() {
      if (topology.equals(Topology.PAIR)) {
        return Topology.pair(hosts.isEmpty() ? LabPlan.DEFAULT_HOSTS : LabPlan.parseHosts(hosts));
      }
      if (!hosts.isEmpty()) {
        throw Problem.usage(
                "hosts-of-topology",
                "The topology %s names its hosts itself".formatted(topology),
                "Leave --hosts out, or --topology.")
            .asException();
      }
      return TopologyFile.named(topology);
    }
  }

  @Command(name = "status", description = "Show the labs of this machine.")
  private static final class Status extends LabVerb {
    Status(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      List<LabStatus> labs = new ArrayList<>();
      for (String name : store.names()) {
        store
            .read(name)
            .ifPresent(record -> labs.add(LabStatus.of(Lab.attach(store, new LabName(name)))));
      }
      return answer(
          labs,
          labs.isEmpty()
              ? List.of("There is no lab. Make one with 'drover lab up'.")
              : labs.stream().flatMap(lab -> lab.lines().stream()).toList());
    }
  }

  @Command(name = "down", description = "Remove a lab with everything in it, and dead labs.")
  private static final class Down extends LabVerb {
    Down(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      Lab.requireRoot();
      List<String> removed =
          store.exclusively(
              () -> {
                List<String> all = new ArrayList<>(Leftovers.removeDeadLabs(store));
                Optional<LabRecord> record = store.read(name().value());
                if (record.isPresent()) {
                  Leftovers.remove(store, record.get());
                  all.add(name().value());
                }
                return all;
              });
      store.removeRootIfEmpty();
      return answer(
          Map.of("removed", removed),
          removed.isEmpty()
              ? List.of("There is no lab named " + name() + "; nothing to remove.")
              : removed.stream().map(lab -> "Lab " + lab + " is gone.").toList());
    }
  }

  @Command(name = "exec", description = "Run a program on a host, the client or the fabric.")
  private static final class Exec extends LabVerb {
    @Parameters(index = "0", paramLabel = "NODE", description = "alpha, beta, client ...")
    private String node = "";

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "COMMAND",
        description = "Options of its own go after --.")
    private List<String> command = List.of();

    Exec(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      ProcessBuilder builder = new ProcessBuilder(lab().node(node).entering(command));
      builder.environment().put(Node.MARK, name().value());
      try {
        return Programs.start(builder.inheritIO()).waitFor();
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }
  }

  /** Verbs about some links. */
  private abstract static class OnLinks extends LabVerb {
    @Parameters(
        paramLabel = "LINK",
        description = "A machine (all of its links) or MACHINE.NETWORK, such as alpha.migration.")
    String links = "";

    OnLinks(LabCommand common) {
      super(common);
    }
  }

  @Command(name = "cut", description = "Make packets vanish in silence.")
  private static final class Cut extends OnLinks {
    Cut(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      Lab lab = lab();
      lab.cut(links);
      return answer(Map.of("cut", lab.record().cut()), List.of(links + " is cut."));
    }
  }

  @Command(name = "heal", description = "Let packets pass again.")
  private static final class Heal extends OnLinks {
    Heal(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      Lab lab = lab();
      lab.heal(links);
      return answer(Map.of("cut", lab.record().cut()), List.of(links + " is whole."));
    }
  }

  @Command(name = "shape", description = "Change how the links of a network behave.")
  private static final class Shape extends LabVerb {
    @Option(
        names = "--network",
        paramLabel = "NETWORK",
        defaultValue = "",
        description = "Which one. Default: migration, or the one that the topology means.")
    private String network = "";

    @Mixin private LinkOptions link = new LinkOptions();

    Shape(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      Lab lab = lab();
      lab.shape(network.isEmpty() ? lab.record().topology().shaped() : network, link.shape());
      Map<String, Object> value = new LinkedHashMap<>();
      value.put("shape", link.shape());
      return answer(value, List.of("The links are now " + link.shape().describe() + "."));
    }
  }

  /** Verbs about one machine. */
  private abstract static class OnMachine extends LabVerb {
    @Parameters(paramLabel = "MACHINE", description = "alpha, dns ...")
    String machine = "";

    OnMachine(LabCommand common) {
      super(common);
    }

    final int done(String state) {
      return answer(
          Map.of("machine", machine, "state", state),
          List.of("%s is %s.".formatted(machine, state)));
    }
  }

  @Command(name = "off", description = "Pull a machine's plug: everything on it ends at once.")
  private static final class Off extends OnMachine {
    Off(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      lab().off(machine);
      return done("off");
    }
  }

  @Command(name = "on", description = "Switch a machine on again; its guests are gone.")
  private static final class On extends OnMachine {
    On(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      lab().on(machine);
      return done("on");
    }
  }

  @Command(name = "stop", description = "End a host's agent, or a name server.")
  private static final class Stop extends OnMachine {
    Stop(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      lab().stopPrograms(machine);
      return done("stopped");
    }
  }

  @Command(name = "start", description = "Start a host's agent, or a name server, again.")
  private static final class Start extends OnMachine {
    Start(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      lab().startPrograms(machine);
      return done("started");
    }
  }

  @Command(name = "image", description = "Build the guest image, if it is not in the cache.")
  private static final class Image extends LabVerb {
    Image(LabCommand common) {
      super(common);
    }

    @Override
    int run() {
      Path folder =
          new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), this::progress)
              .image()
              .folder();
      return answer(Map.of("folder", folder.toString()), List.of(folder.toString()));
    }
  }
}
