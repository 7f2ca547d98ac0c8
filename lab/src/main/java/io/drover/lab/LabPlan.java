package io.drover.lab;

import io.drover.model.HostName;
import io.drover.model.Problem;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

/** What a lab should consist of. */
record LabPlan(
    LabName name,
    List<HostName> hosts,
    LinkShape shape,
    LabRecord.LinkKind link,
    LabRecord.Keeping keeping,
    Agents agents) {

  /** Whether the hosts run Drover's agent. */
  enum Agents {
    RUN,
    NONE
  }

  static final List<HostName> DEFAULT_HOSTS = List.of(new HostName("alpha"), new HostName("beta"));
  static final String CLIENT = "client";
  static final String FABRIC = "fabric";

  LabPlan {
    hosts = List.copyOf(hosts);
    if (hosts.isEmpty() || hosts.size() > AddressPlan.MAX_HOSTS) {
      throw Problem.usage(
              "bad-lab-hosts",
              "A lab of %d hosts cannot be made".formatted(hosts.size()),
              "Name 1 to %d hosts.".formatted(AddressPlan.MAX_HOSTS))
          .asException();
    }
    if (new HashSet<>(hosts).size() < hosts.size()
        || hosts.stream().anyMatch(host -> List.of(CLIENT, FABRIC).contains(host.value()))) {
      throw Problem.usage(
              "bad-lab-hosts",
              "The hosts' names clash",
              "Name every host once; 'client' and 'fabric' are taken.")
          .asException();
    }
  }

  static LabPlan of(LabName name, LinkShape shape) {
    return new LabPlan(
        name, DEFAULT_HOSTS, shape, linkFor(shape), LabRecord.Keeping.OWNED, Agents.RUN);
  }

  static LabRecord.LinkKind linkFor(LinkShape shape) {
    return shape.needsUserSpaceLink() ? LabRecord.LinkKind.USER_SPACE : LabRecord.LinkKind.KERNEL;
  }

  static List<HostName> parseHosts(String text) {
    return Arrays.stream(text.split(",", -1)).map(String::strip).map(HostName::new).toList();
  }

  LabPlan withKeeping(LabRecord.Keeping now) {
    return new LabPlan(name, hosts, shape, link, now, agents);
  }

  LabPlan withAgents(Agents now) {
    return new LabPlan(name, hosts, shape, link, keeping, now);
  }

  LabPlan withHosts(List<HostName> now) {
    return new LabPlan(name, now, shape, link, keeping, agents);
  }

  LabPlan withLink(LabRecord.LinkKind now) {
    return new LabPlan(name, hosts, shape, now, keeping, agents);
  }
}
