package io.drover.lab;

import io.drover.model.HostName;
import java.util.Arrays;
import java.util.List;

/** What a lab should consist of. */
record LabPlan(LabName name, Topology topology, LabRecord.Keeping keeping, Agents agents) {

  /** Whether the hosts run Drover's agent. */
  enum Agents {
    RUN,
    NONE
  }

  static final List<HostName> DEFAULT_HOSTS = List.of(new HostName("alpha"), new HostName("beta"));

  /** Two hosts on one network. */
  static LabPlan of(LabName name, LinkShape shape) {
    return of(name, Topology.pair(DEFAULT_HOSTS)).withShape(shape);
  }

  static LabPlan of(LabName name, Topology topology) {
    return new LabPlan(name, topology, LabRecord.Keeping.OWNED, Agents.RUN);
  }

  static List<HostName> parseHosts(String text) {
    return Arrays.stream(text.split(",", -1)).map(String::strip).map(HostName::new).toList();
  }

  LinkShape shape() {
    return topology.shapedNetwork().shape();
  }

  LabPlan withKeeping(LabRecord.Keeping now) {
    return new LabPlan(name, topology, now, agents);
  }

  LabPlan withAgents(Agents now) {
    return new LabPlan(name, topology, keeping, now);
  }

  /** Hosts on one network, whatever there was before. */
  LabPlan withHosts(List<HostName> now) {
    return new LabPlan(name, Topology.pair(now), keeping, agents).withShape(shape());
  }

  /** Of the network that is meant to be shaped. */
  LabPlan withShape(LinkShape now) {
    return new LabPlan(
        name, topology.with(Topology.Network.of(topology.shaped(), now)), keeping, agents);
  }

  /** With Drover's own link, even where the kernel's would do. */
  LabPlan withUserSpaceLink() {
    return new LabPlan(
        name,
        topology.with(
            new Topology.Network(topology.shaped(), Topology.LinkKind.USER_SPACE, shape())),
        keeping,
        agents);
  }
}
