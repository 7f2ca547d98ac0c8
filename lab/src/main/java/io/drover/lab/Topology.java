package io.drover.lab;

import io.drover.model.HostName;
import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which machines a lab has, and what is between them.
 *
 * @param name "pair" for the lab that nobody asked otherwise for
 * @param guests on which bridges guests may be; the first unless something else is asked for
 * @param shaped the network whose rate, delay and loss the command line is about
 */
record Topology(
    String name,
    String shaped,
    List<GuestNetwork> guests,
    List<Network> networks,
    List<Machine> machines) {
  /** What makes up a network. */
  enum LinkKind {
    /** A bridge between veth pairs, shaped by tc. */
    KERNEL,
    /** Drover's own link process. */
    USER_SPACE
  }

  /** A switch, with one behaviour at all of its ports. */
  record Network(String name, LinkKind kind, LinkShape shape) {
    static Network of(String name, LinkShape shape) {
      return new Network(
          name, shape.needsUserSpaceLink() ? LinkKind.USER_SPACE : LinkKind.KERNEL, shape);
    }
  }

  static final String PAIR = "pair";
  static final String MIGRATION = "migration";
  static final String GUESTS = "guests";
  static final String GUEST_BRIDGE = "br0";
  static final String CLIENT = "client";

  /** Also a bridge's name in the fabric, which the kernel limits. */
  private static final Pattern NETWORK_NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,14}");

  private static final Pattern CARD_NAME = Pattern.compile("[a-z][a-z0-9-]{0,14}");
  private static final Pattern ADDRESS = Pattern.compile("[0-9a-fA-F.:]{2,39}/[0-9]{1,3}");
  private static final Pattern SETTING = Pattern.compile("net\\.[a-zA-Z0-9_.-]+");
  private static final int MAX_MACHINES = 32;

  Topology {
    guests = List.copyOf(guests);
    networks = List.copyOf(networks);
    machines = List.copyOf(machines);
    require(!guests.isEmpty(), "guests have no addresses");
    Set<String> names = new HashSet<>();
    for (Network network : networks) {
      require(
          NETWORK_NAME.matcher(network.name()).matches() && names.add(network.name()),
          "the network '%s' is there twice or has no name to use".formatted(network.name()));
    }
    require(names.contains(shaped), "there is no network '%s' to be shaped".formatted(shaped));
    require(
        !machines.isEmpty() && machines.size() <= MAX_MACHINES,
        "%d machines are not between 1 and %d".formatted(machines.size(), MAX_MACHINES));
    Set<String> machineNames = new HashSet<>(Set.of(Machine.FABRIC));
    for (Machine machine : machines) {
      require(
          machineNames.add(new HostName(machine.name()).value()),
          "the name '%s' is there twice or taken".formatted(machine.name()));
      requireSound(machine, names);
    }
  }

  private static void requireSound(Machine machine, Set<String> networks) {
    String who = machine.name();
    require(
        !machine.attachments().isEmpty() && !machine.attachments().getFirst().addresses().isEmpty(),
        "the first interface of %s has no address".formatted(who));
    Set<String> cards = new HashSet<>();
    for (Machine.Attachment card : machine.attachments()) {
      require(
          CARD_NAME.matcher(card.card()).matches()
              && card.bridge().stream().allMatch(CARD_NAME.asMatchPredicate())
              && cards.add(card.card()),
          "%s cannot have an interface '%s'".formatted(who, card.card()));
      require(
          networks.contains(card.network()),
          "%s of %s is on no network: '%s'".formatted(card.card(), who, card.network()));
      for (String address : card.addresses()) {
        require(
            ADDRESS.matcher(address).matches(),
            "'%s' of %s is no address with a prefix".formatted(address, who));
      }
    }
    for (String key : machine.settings().keySet()) {
      require(
          SETTING.matcher(key).matches(),
          "the setting '%s' of %s is not the network's".formatted(key, who));
    }
  }

  static void require(boolean holds, String mistake) {
    if (!holds) {
      throw Problem.usage(
              "bad-topology",
              "This lab cannot be made: " + mistake,
              "docs/lab.md describes topologies.")
          .asException();
    }
  }

  /** Hosts on a network for guests, where the client is, and on one for their agents. */
  static Topology pair(List<HostName> hosts) {
    if (hosts.isEmpty()
        || hosts.size() > AddressPlan.MAX_HOSTS
        || new HashSet<>(hosts).size() < hosts.size()
        || hosts.stream()
            .anyMatch(host -> List.of(CLIENT, Machine.FABRIC).contains(host.value()))) {
      throw Problem.usage(
              "bad-lab-hosts",
              "%d hosts with these names cannot be made".formatted(hosts.size()),
              "Name 1 to %d hosts, each once; 'client' and 'fabric' are taken."
                  .formatted(AddressPlan.MAX_HOSTS))
          .asException();
    }
    List<Machine> machines = new ArrayList<>();
    machines.add(
        Machine.of(
            CLIENT,
            Machine.Role.CLIENT,
            new Machine.Attachment(
                "lan0", GUESTS, Optional.empty(), List.of(AddressPlan.CLIENT + "/24"))));
    for (int i = 0; i < hosts.size(); i++) {
      machines.add(
          Machine.of(
              hosts.get(i).value(),
              Machine.Role.HOST,
              new Machine.Attachment(
                  "mig0", MIGRATION, Optional.empty(), List.of(AddressPlan.host(i) + "/24")),
              new Machine.Attachment(
                  "lan0",
                  GUESTS,
                  Optional.of(GUEST_BRIDGE),
                  List.of(AddressPlan.hostOnGuestNetwork(i) + "/24"))));
    }
    return new Topology(
        PAIR,
        MIGRATION,
        List.of(new GuestNetwork(GUEST_BRIDGE, List.of("192.0.2.0/24"), List.of())),
        List.of(Network.of(GUESTS, LinkShape.UNSHAPED), Network.of(MIGRATION, LinkShape.UNSHAPED)),
        machines);
  }

  Optional<Network> find(String network) {
    return networks.stream().filter(each -> each.name().equals(network)).findFirst();
  }

  Network network(String wanted) {
    return find(wanted)
        .orElseThrow(
            () ->
                Problem.unknown(
                        "no-such-network",
                        "This lab has no network '%s'".formatted(wanted),
                        "It has "
                            + String.join(", ", networks.stream().map(Network::name).toList())
                            + ".")
                    .asException());
  }

  /** The network of which the command line says how it behaves. */
  Network shapedNetwork() {
    return network(shaped);
  }

  /** That of a bridge. */
  GuestNetwork guestsOf(String bridge) {
    return guests.stream()
        .filter(each -> each.bridge().equals(bridge))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no guests on " + bridge));
  }

  List<Machine> hosts() {
    return machines.stream().filter(each -> each.role() == Machine.Role.HOST).toList();
  }

  Topology with(Network now) {
    return new Topology(
        name,
        shaped,
        guests,
        networks.stream().map(each -> each.name().equals(now.name()) ? now : each).toList(),
        machines);
  }

  /** Every host's agent is told this beside what it is told anyway. */
  Topology withAgentLines(String lines) {
    return new Topology(
        name,
        shaped,
        guests,
        networks,
        machines.stream()
            .map(
                each ->
                    each.role() == Machine.Role.HOST
                        ? each.withAgentLines(each.agentLines() + lines)
                        : each)
            .toList());
  }

  /** A machine's place among the others; -1 for the fabric, which is not one of them. */
  int index(Machine machine) {
    return machines.stream().map(Machine::name).toList().indexOf(machine.name());
  }

  /** The fabric's end of a card's cable: short, as the kernel wants names. */
  static String port(int machine, int attachment) {
    return "p%d-%d".formatted(machine, attachment);
  }

  /** A card has the same one after its machine was switched off and on: neighbours remember it. */
  static String mac(int machine, int attachment) {
    return "02:00:00:00:%02x:%02x".formatted(machine, attachment);
  }
}
