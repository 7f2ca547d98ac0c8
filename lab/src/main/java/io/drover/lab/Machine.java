package io.drover.lab;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One machine of a {@link Topology}, before it is made.
 *
 * @param attachments its cards; a host's agent listens at the first address of the first one
 * @param settings kernel settings by their names for {@code sysctl}, all below {@code net.}
 * @param agentLines what stands in a host's {@code agent.yaml} beside the lab's own lines
 * @param nameServer what a name server answers for
 */
record Machine(
    String name,
    Role role,
    List<Attachment> attachments,
    List<Route> routes,
    Map<String, String> settings,
    String agentLines,
    Optional<NameServer> nameServer) {

  /** What a machine is there for. */
  enum Role {
    /** Runs an agent and guests. */
    HOST,
    /** A guest's user. */
    CLIENT,
    ROUTER,
    NAME_SERVER,
    /** The switches between the others; each lab has one, no topology names it. */
    FABRIC
  }

  /**
   * A card.
   *
   * @param bridge it joins this bridge, which then has the addresses
   * @param addresses with the length of their prefix
   */
  record Attachment(String card, String network, Optional<String> bridge, List<String> addresses) {
    Attachment {
      addresses = List.copyOf(addresses);
    }

    /** Who has the addresses. */
    String holder() {
      return bridge.orElse(card);
    }
  }

  /**
   * A way out.
   *
   * @param to a prefix, or "default"
   */
  record Route(String to, String via) {
    boolean isOfVersion6() {
      return via.contains(":");
    }
  }

  /** A program that answers for zones and takes updates that are signed with the lab's key. */
  record NameServer(Program program, List<Zone> zones) {
    enum Program {
      BIND,
      KNOT
    }

    NameServer {
      zones = List.copyOf(zones);
    }
  }

  /** One zone and the lines that its file begins with. */
  record Zone(String name, List<String> records) {
    Zone {
      records = List.copyOf(records);
    }
  }

  static final String FABRIC = "fabric";

  Machine {
    attachments = List.copyOf(attachments);
    routes = List.copyOf(routes);
    settings = Map.copyOf(settings);
  }

  /** The switches. */
  static Machine fabric() {
    return new Machine(FABRIC, Role.FABRIC, List.of(), List.of(), Map.of(), "", Optional.empty());
  }

  static Machine of(String name, Role role, Attachment... attachments) {
    return new Machine(name, role, List.of(attachments), List.of(), Map.of(), "", Optional.empty());
  }

  Machine withAgentLines(String now) {
    return new Machine(name, role, attachments, routes, settings, now, nameServer);
  }

  /** At which others find it, without the prefix; a host's agent listens there. */
  String address() {
    String first = attachments.getFirst().addresses().getFirst();
    return first.substring(0, first.indexOf('/'));
  }

  /** The card to which {@link #address} belongs. */
  String mainCard() {
    return attachments.getFirst().card();
  }

  boolean speaksVersion6() {
    return attachments.stream().flatMap(each -> each.addresses().stream()).anyMatch(Machine::isV6);
  }

  static boolean isV6(String address) {
    return address.contains(":");
  }
}
