package io.drover.lab;

import io.drover.lab.Machine.Attachment;
import io.drover.lab.Topology.LinkKind;
import io.drover.lab.Topology.Network;
import io.drover.model.ByteRate;
import io.drover.model.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The wires of a lab. Every pair of interfaces is made right inside the namespaces that it joins:
 * the machine's own never sees a name that could collide.
 *
 * <p>In the fabric each network of the kernel's is a bridge of its name, and {@code p2-0} is the
 * other end of the first card of the third machine.
 */
final class LabNetwork {
  private static final String SHAPE_REST = " burst 1mb latency 50ms";

  private final Path folder;
  private final LabRecord lab;
  private final Topology topology;
  private final Node fabric;

  LabNetwork(Path folder, LabRecord lab) {
    this.folder = folder;
    this.lab = lab;
    this.topology = lab.topology();
    this.fabric = new Node(lab.only(Machine.Role.FABRIC));
  }

  void build() {
    List<String> bridges = new ArrayList<>();
    for (Network network : topology.networks()) {
      if (network.kind() == LinkKind.KERNEL) {
        bridges.add("link add %s type bridge mcast_snooping 0".formatted(network.name()));
        bridges.add("link set %s up".formatted(network.name()));
      } else {
        startUserSpaceLink(network);
      }
    }
    fabric.ip(bridges.toArray(String[]::new));
    for (NodeRecord node : lab.nodes()) {
      if (node.role() != Machine.Role.FABRIC) {
        connect(node);
      }
    }
    topology.networks().forEach(network -> shape(network, network.shape()));
  }

  /** Plugs a machine's cards in and sets them up; it must have none yet. */
  void connect(NodeRecord record) {
    Machine machine = record.machine();
    Node node = new Node(record);
    if (machine.speaksVersion6()) {
      // Cards that come later have it off until their turn.
      node.write(Map.of("net.ipv6.conf.all.disable_ipv6", "0"));
      node.write(Map.of("net.ipv6.conf.default.disable_ipv6", "1"));
    }
    plugIn(node);
    List<String> links = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    for (Attachment card : machine.attachments()) {
      card.bridge()
          .ifPresent(
              bridge -> {
                links.add("link add %s type bridge mcast_snooping 0".formatted(bridge));
                links.add("link set %s master %s up".formatted(card.card(), bridge));
              });
      links.add("link set %s up".formatted(card.holder()));
      for (String address : card.addresses()) {
        addresses.add(
            "addr add %s dev %s%s"
                .formatted(address, card.holder(), Machine.isV6(address) ? " nodad" : ""));
      }
    }
    node.ip(links.toArray(String[]::new));
    node.write(version6(machine));
    node.ip(addresses.toArray(String[]::new));
    for (Machine.Route route : machine.routes()) {
      node.run(
          "ip", route.isOfVersion6() ? "-6" : "-4", "route", "add", route.to(), "via", route.via());
    }
    if (machine.role() == Machine.Role.ROUTER) {
      node.write(Map.of("net.ipv4.ip_forward", "1"));
      if (machine.speaksVersion6()) {
        node.write(Map.of("net.ipv6.conf.all.forwarding", "1"));
      }
    }
    node.write(machine.settings());
  }

  /** For the cards that have addresses of version 6, and without a word that nobody asked for. */
  private static Map<String, String> version6(Machine machine) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (Attachment card : machine.attachments()) {
      if (card.addresses().stream().anyMatch(Machine::isV6)) {
        String prefix = "net.ipv6.conf.%s.".formatted(card.holder());
        settings.put(prefix + "accept_dad", "0");
        settings.put(prefix + "accept_ra", "0");
        settings.put(prefix + "router_solicitations", "0");
        settings.put(prefix + "disable_ipv6", "0");
      }
    }
    return settings;
  }

  private void plugIn(Node node) {
    List<String> pairs = new ArrayList<>();
    List<String> ports = new ArrayList<>();
    Machine machine = node.record().machine();
    for (int i = 0; i < machine.attachments().size(); i++) {
      Attachment card = machine.attachments().get(i);
      String port = Topology.port(node.record().index(), i);
      if (topology.network(card.network()).kind() == LinkKind.USER_SPACE) {
        moveTap(port, node, card);
      } else {
        pairs.add(
            "link add name %s netns %d address %s type veth peer name %s netns %d"
                .formatted(
                    card.card(),
                    node.record().init().pid(),
                    Topology.mac(node.record().index(), i),
                    port,
                    fabric.record().init().pid()));
        ports.add("link set %s master %s up".formatted(port, card.network()));
      }
    }
    if (!pairs.isEmpty()) {
      Programs.run(List.of("ip", "-batch", "-"), String.join("\n", pairs) + "\n");
      fabric.ip(ports.toArray(String[]::new));
    }
  }

  /** Only the network namespace is entered: the process id is one of the machine's. */
  private void moveTap(String port, Node node, Attachment card) {
    Programs.run(
        List.of(
            "nsenter",
            "-t",
            Long.toString(fabric.record().init().pid()),
            "-n",
            "ip",
            "link",
            "set",
            port,
            "netns",
            Long.toString(node.record().init().pid()),
            "name",
            card.card()));
  }

  private void startUserSpaceLink(Network network) {
    List<String> command = new ArrayList<>(LinkMain.command());
    command.add("/run/" + socket(network));
    for (Machine machine : topology.machines()) {
      for (int i = 0; i < machine.attachments().size(); i++) {
        if (machine.attachments().get(i).network().equals(network.name())) {
          command.add(Topology.port(topology.index(machine), i));
        }
      }
    }
    fabric.spawn(lab.name(), folder.resolve("link.log"), command);
    control(network).await(Duration.ofSeconds(30));
  }

  private static String socket(Network network) {
    return "link-%s.sock".formatted(network.name());
  }

  /** The running user-space link. */
  LinkControl control(Network network) {
    return new LinkControl(folder.resolve(Machine.FABRIC).resolve("run").resolve(socket(network)));
  }

  void shape(Network network, LinkShape shape) {
    switch (network.kind()) {
      case KERNEL -> {
        if (shape.needsUserSpaceLink()) {
          throw Problem.usage(
                  "kernel-link",
                  "The network %s is the kernel's, which can only limit the rate"
                      .formatted(network.name()),
                  "Make the lab with --user-space-link, or with a delay or loss to begin with.")
              .asException();
        }
        for (NodeRecord node : lab.nodes()) {
          for (Attachment card : node.machine().attachments()) {
            if (card.network().equals(network.name())) {
              limit(new Node(node), card.card(), shape.rate());
            }
          }
        }
      }
      case USER_SPACE -> control(network).shape(shape);
    }
  }

  private static void limit(Node node, String card, Optional<ByteRate> rate) {
    if (rate.isPresent()) {
      node.run(
          "sh",
          "-c",
          "tc qdisc replace dev %s root tbf rate %dbit%s"
              .formatted(card, rate.get().bytesPerSecond() * 8, SHAPE_REST));
    } else {
      // Deleting what is not there is an error that changes nothing.
      Programs.attempt(
          node.entering(List.of("tc", "qdisc", "del", "dev", card, "root")),
          "",
          Duration.ofSeconds(10));
    }
  }

  /** Makes packets vanish in silence, or pass again; the interfaces keep their carrier. */
  void pass(LabLink link, Passing passing) {
    Network network = topology.network(link.network());
    String port = Topology.port(lab.node(link.node()).orElseThrow().index(), link.attachment());
    switch (network.kind()) {
      case USER_SPACE -> control(network).pass(port, passing);
      // Port states of a Linux bridge: 0 is disabled, 3 is forwarding.
      case KERNEL ->
          fabric.run(
              "bridge", "link", "set", "dev", port, "state", passing == Passing.CUT ? "0" : "3");
    }
  }

  enum Passing {
    CUT,
    HEALED
  }
}
