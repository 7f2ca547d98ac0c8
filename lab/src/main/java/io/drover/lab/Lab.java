package io.drover.lab;

import io.drover.model.HostName;
import io.drover.model.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Hosts, a client and the links between them, on one machine.
 *
 * <p>Threads: one at a time. Several labs, also of several processes, do not see each other.
 */
final class Lab implements AutoCloseable {
  private final LabStore store;
  private LabRecord record;

  private Lab(LabStore store, LabRecord record) {
    this.store = store;
    this.record = record;
  }

  /** Makes a lab; on failure nothing of it stays. */
  static Lab up(LabStore store, LabPlan plan, Consumer<String> progress) {
    requireRoot();
    for (String program : List.of("unshare", "nsenter", "setsid", "ip", "tc", "bridge")) {
      Programs.require(program);
    }
    LabRecord beginning =
        new LabRecord(
            plan.name().value(),
            ProcessIdentity.current(),
            LabRecord.Keeping.OWNED,
            plan.topology(),
            List.of(),
            Set.of());
    store.exclusively(
        () -> {
          for (String removed : Leftovers.removeDeadLabs(store)) {
            progress.accept("removed the leftover lab " + removed);
          }
          if (store.names().contains(plan.name().value())) {
            throw Problem.full(
                    "lab-exists",
                    "A lab named %s is up".formatted(plan.name()),
                    "Remove it with 'drover lab down --name %s', or choose another --name."
                        .formatted(plan.name()))
                .asException();
          }
          store.write(beginning);
          return beginning;
        });
    Lab lab = new Lab(store, beginning);
    try {
      lab.build(plan, progress);
    } catch (RuntimeException failure) {
      lab.down();
      throw failure;
    }
    return lab;
  }

  /** Told before anything else is begun. */
  static void requireRoot() {
    if (!"root".equals(System.getProperty("user.name"))) {
      throw Problem.host(
              "not-root",
              "A lab is made of namespaces and interfaces, which only root may make",
              "Run it with sudo.")
          .asException();
    }
  }

  private void build(LabPlan plan, Consumer<String> progress) {
    progress.accept("making namespaces and links");
    start(Machine.fabric());
    for (Machine machine : plan.topology().machines()) {
      Node _ = start(machine);
    }
    network().build();
    NameServers names = new NameServers(this);
    names.startAll();
    if (plan.agents() == LabPlan.Agents.RUN) {
      progress.accept("starting the agents");
      new LabAgents(this).startAll();
    }
    if (plan.keeping() == LabRecord.Keeping.KEPT) {
      keep();
    }
  }

  /** Anew, also where one of that name was switched off. */
  private Node start(Machine machine) {
    Node node = Node.start(record.name(), folder(), machine, record.topology().index(machine));
    List<NodeRecord> nodes = new ArrayList<>(record.nodes());
    int place = 0;
    while (place < nodes.size() && !nodes.get(place).name().equals(machine.name())) {
      place++;
    }
    if (place < nodes.size()) {
      nodes.set(place, node.record());
    } else {
      nodes.add(node.record());
    }
    save(record.withNodes(nodes));
    return node;
  }

  private void save(LabRecord now) {
    record = now;
    store.write(now);
  }

  /** A lab that another command made. */
  static Lab attach(LabStore store, LabName name) {
    return new Lab(
        store,
        store
            .read(name.value())
            .orElseThrow(
                () ->
                    Problem.unknown(
                            "no-such-lab",
                            "There is no lab named " + name,
                            "Make one with 'drover lab up'; 'drover lab status' lists them.")
                        .asException()));
  }

  LabRecord record() {
    return record;
  }

  Path folder() {
    return store.folder(record.name());
  }

  LabNetwork network() {
    return new LabNetwork(folder(), record);
  }

  Node node(String name) {
    return new Node(
        record
            .node(name)
            .orElseThrow(
                () ->
                    Problem.unknown(
                            "no-such-node",
                            "Lab %s has no '%s'".formatted(record.name(), name),
                            "It has "
                                + String.join(
                                    ", ", record.nodes().stream().map(NodeRecord::name).toList())
                                + ".")
                        .asException()));
  }

  Node host(HostName name) {
    return node(name.value());
  }

  Node client() {
    return new Node(record.only(Machine.Role.CLIENT));
  }

  /** Where a node's {@code /run} lies for the rest of the machine. */
  Path runFolder(String node) {
    return folder().resolve(node).resolve("run");
  }

  /** From now on the lab stays when its owner ends. */
  void keep() {
    save(record.withKeeping(LabRecord.Keeping.KEPT));
  }

  void cut(String links) {
    pass(links, LabNetwork.Passing.CUT);
  }

  void heal(String links) {
    pass(links, LabNetwork.Passing.HEALED);
  }

  private void pass(String links, LabNetwork.Passing passing) {
    Set<String> cut = new HashSet<>(record.cut());
    for (LabLink link : LabLink.parse(links, record)) {
      network().pass(link, passing);
      if (passing == LabNetwork.Passing.CUT) {
        cut.add(link.toString());
      } else {
        cut.remove(link.toString());
      }
    }
    save(record.withCut(cut));
  }

  /** The network that is meant to be shaped. */
  void shape(LinkShape shape) {
    shape(record.topology().shaped(), shape);
  }

  void shape(String networkName, LinkShape shape) {
    Topology.Network network = record.topology().network(networkName);
    network().shape(network, shape);
    save(
        record.withTopology(
            record.topology().with(new Topology.Network(network.name(), network.kind(), shape))));
  }

  /** Switches a machine off as pulling its plug does: everything on it ends at once. */
  void off(String name) {
    requireOwnCables(node(name).record());
    node(name).end();
  }

  /** Switches it on again; an agent or a name server starts, guests do not. */
  void on(String name) {
    NodeRecord old = node(name).record();
    if (old.init().alive()) {
      throw Problem.usage(
              "node-is-on", "'%s' is on".formatted(name), "Switch it off before, with 'lab off'.")
          .asException();
    }
    Node node = start(old.machine());
    network().connect(node.record());
    for (Machine.Attachment card : old.machine().attachments()) {
      Topology.Network network = record.topology().network(card.network());
      network().shape(network, network.shape());
    }
    Set<String> cut = new HashSet<>(record.cut());
    cut.removeIf(link -> link.startsWith(name + "."));
    save(record.withCut(cut));
    startPrograms(name);
  }

  /** Ends the agent or the name server of a machine, in order. */
  void stopPrograms(String name) {
    switch (node(name).record().role()) {
      case HOST -> new LabAgents(this).stop(name);
      case NAME_SERVER -> new NameServers(this).stop(name);
      case CLIENT, ROUTER, FABRIC -> throw runsNothing(name);
    }
  }

  /** Starts the agent or the name server of a machine, if it had one. */
  void startPrograms(String name) {
    switch (node(name).record().role()) {
      case HOST -> {
        LabAgents agents = new LabAgents(this);
        if (!LabAgents.state(this, name).equals("none")) {
          agents.start(name);
          agents.await(name);
        }
      }
      case NAME_SERVER -> new NameServers(this).start(name);
      case CLIENT, ROUTER, FABRIC -> {}
    }
  }

  private static RuntimeException runsNothing(String name) {
    return Problem.usage(
            "nothing-runs",
            "'%s' has no program to stop".formatted(name),
            "Name a host or a name server; 'lab off' switches a machine off.")
        .asException();
  }

  private void requireOwnCables(NodeRecord node) {
    for (Machine.Attachment card : node.machine().attachments()) {
      if (record.topology().network(card.network()).kind() == Topology.LinkKind.USER_SPACE) {
        throw Problem.usage(
                "node-stays-on",
                "'%s' cannot be switched off: it is on %s, whose link is a process that would not"
                        .formatted(node.name(), card.network())
                    + " get its end of the cable back",
                "Cut it off with 'drover lab cut %s'.".formatted(node.name()))
            .asException();
      }
    }
    if (node.role() == Machine.Role.FABRIC) {
      throw runsNothing(node.name());
    }
  }

  /** Removes everything; also when half of it is gone already. */
  void down() {
    Leftovers.remove(store, record);
    store.removeRootIfEmpty();
  }

  /** As {@link #down}, unless the lab is to be kept. */
  @Override
  public void close() {
    if (record.keeping() == LabRecord.Keeping.OWNED) {
      down();
    }
  }

  /** Reads a file of a node's run folder, or nothing. */
  String readRunFile(String node, String file) {
    Path path = runFolder(node).resolve(file);
    try {
      return Files.exists(path) ? Files.readString(path) : "";
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
