package io.drover.lab;

import io.drover.model.ByteRate;
import io.drover.model.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The wires of a lab. Every pair of interfaces is made right inside the namespaces that it joins:
 * the machine's own never sees a name that could collide.
 *
 * <p>In each host {@code br0} is the guests' bridge with {@code lan0} as its way out, and {@code
 * mig0} the migration network. In the fabric {@code g0, g1 ...} and {@code m0, m1 ...} are the
 * other ends, on the bridges {@code lan} and {@code mig}.
 */
final class LabNetwork {
  static final String MIGRATION_INTERFACE = "mig0";
  private static final String CLIENT_PORT = "gc";
  private static final String SHAPE_REST = " burst 1mb latency 50ms";

  private final Path folder;
  private final LabRecord lab;
  private final Node fabric;

  LabNetwork(Path folder, LabRecord lab) {
    this.folder = folder;
    this.lab = lab;
    this.fabric = new Node(lab.only(NodeRecord.Role.FABRIC));
  }

  void build() {
    Node client = new Node(lab.only(NodeRecord.Role.CLIENT));
    fabric.ip(
        "link add lan type bridge mcast_snooping 0",
        "link add mig type bridge mcast_snooping 0",
        "link set lan up",
        "link set mig up");
    List<String> pairs = new ArrayList<>();
    List<String> ports = new ArrayList<>();
    pairs.add(pair(client, "lan0", CLIENT_PORT));
    ports.add("link set %s master lan up".formatted(CLIENT_PORT));
    for (NodeRecord host : lab.hosts()) {
      pairs.add(pair(new Node(host), "lan0", guestPort(host)));
      ports.add("link set %s master lan up".formatted(guestPort(host)));
      if (lab.link() == LabRecord.LinkKind.KERNEL) {
        pairs.add(pair(new Node(host), MIGRATION_INTERFACE, migrationPort(host)));
        ports.add("link set %s master mig up".formatted(migrationPort(host)));
      }
    }
    Programs.run(List.of("ip", "-batch", "-"), String.join("\n", pairs) + "\n");
    fabric.ip(ports.toArray(String[]::new));
    client.ip("addr add " + AddressPlan.CLIENT + "/24 dev lan0", "link set lan0 up");
    if (lab.link() == LabRecord.LinkKind.USER_SPACE) {
      startUserSpaceLink();
    }
    for (NodeRecord host : lab.hosts()) {
      new Node(host)
          .ip(
              "link add br0 type bridge mcast_snooping 0",
              "link set lan0 master br0 up",
              "addr add " + AddressPlan.hostOnGuestNetwork(host.index()) + "/24 dev br0",
              "link set br0 up",
              "addr add " + AddressPlan.host(host.index()) + "/24 dev " + MIGRATION_INTERFACE,
              "link set " + MIGRATION_INTERFACE + " up");
    }
    shape(lab.shape());
  }

  private String pair(Node node, String name, String port) {
    return "link add name %s netns %d type veth peer name %s netns %d"
        .formatted(name, node.record().init().pid(), port, fabric.record().init().pid());
  }

  private static String guestPort(NodeRecord host) {
    return "g" + host.index();
  }

  private static String migrationPort(NodeRecord host) {
    return "m" + host.index();
  }

  private void startUserSpaceLink() {
    List<String> command = new ArrayList<>(LinkMain.command());
    for (NodeRecord host : lab.hosts()) {
      command.add(migrationPort(host));
    }
    fabric.spawn(lab.name(), folder.resolve("link.log"), command);
    LinkControl control = control();
    control.await(Duration.ofSeconds(30));
    for (NodeRecord host : lab.hosts()) {
      // Only the network namespace is entered: the process id is one of the machine's.
      Programs.run(
          List.of(
              "nsenter",
              "-t",
              Long.toString(fabric.record().init().pid()),
              "-n",
              "ip",
              "link",
              "set",
              migrationPort(host),
              "netns",
              Long.toString(host.init().pid()),
              "name",
              MIGRATION_INTERFACE));
    }
  }

  /** The running user-space link. */
  LinkControl control() {
    return new LinkControl(folder.resolve(LabPlan.FABRIC).resolve("run/link.sock"));
  }

  void shape(LinkShape shape) {
    switch (lab.link()) {
      case KERNEL -> {
        if (shape.needsUserSpaceLink()) {
          throw Problem.usage(
                  "kernel-link",
                  "This lab's link is the kernel's, which can only limit the rate",
                  "Make the lab with --user-space-link, or with a delay or loss to begin with.")
              .asException();
        }
        for (NodeRecord host : lab.hosts()) {
          limit(new Node(host), shape.rate());
        }
      }
      case USER_SPACE -> control().shape(shape);
    }
  }

  private static void limit(Node host, Optional<ByteRate> rate) {
    if (rate.isPresent()) {
      host.run(
          "sh",
          "-c",
          "tc qdisc replace dev %s root tbf rate %dbit%s"
              .formatted(MIGRATION_INTERFACE, rate.get().bytesPerSecond() * 8, SHAPE_REST));
    } else {
      // Deleting what is not there is an error that changes nothing.
      Programs.attempt(
          host.entering(List.of("tc", "qdisc", "del", "dev", MIGRATION_INTERFACE, "root")),
          "",
          Duration.ofSeconds(10));
    }
  }

  /** Makes packets vanish in silence, or pass again; the interfaces keep their carrier. */
  void pass(LabLink link, Passing passing) {
    if (link.network() == LabLink.Network.MIGRATION
        && lab.link() == LabRecord.LinkKind.USER_SPACE) {
      control().pass(hostIndex(link), passing);
      return;
    }
    // Port states of a Linux bridge: 0 is disabled, 3 is forwarding.
    fabric.run(
        "bridge", "link", "set", "dev", port(link), "state", passing == Passing.CUT ? "0" : "3");
  }

  private int hostIndex(LabLink link) {
    return lab.node(link.node()).orElseThrow().index();
  }

  private String port(LabLink link) {
    NodeRecord node = lab.node(link.node()).orElseThrow();
    return switch (node.role()) {
      case CLIENT, FABRIC -> CLIENT_PORT;
      case HOST -> link.network() == LabLink.Network.GUEST ? guestPort(node) : migrationPort(node);
    };
  }

  enum Passing {
    CUT,
    HEALED
  }
}
