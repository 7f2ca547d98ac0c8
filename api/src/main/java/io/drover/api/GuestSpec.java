package io.drover.api;

import java.util.List;
import java.util.Optional;

/**
 * The body of {@code POST /v1/guests}: a guest definition as people write it, in JSON here and in
 * YAML on the command line. What is left out gets a sensible value; see docs/operating.md.
 */
public record GuestSpec(
    String name,
    Optional<String> uuid,
    String memory,
    Optional<Integer> vcpus,
    Optional<String> machine,
    Optional<String> cpu,
    Optional<String> kernel,
    Optional<String> initrd,
    Optional<String> commandLine,
    Optional<List<CardSpec>> networkCards,
    Optional<List<DiskSpec>> disks,
    Optional<String> serialLog,
    Optional<String> owner) {

  /** A guest without disks. */
  public GuestSpec(
      String name,
      Optional<String> uuid,
      String memory,
      Optional<Integer> vcpus,
      Optional<String> machine,
      Optional<String> cpu,
      Optional<String> kernel,
      Optional<String> initrd,
      Optional<String> commandLine,
      Optional<List<CardSpec>> networkCards,
      Optional<String> serialLog,
      Optional<String> owner) {
    this(
        name,
        uuid,
        memory,
        vcpus,
        machine,
        cpu,
        kernel,
        initrd,
        commandLine,
        networkCards,
        Optional.empty(),
        serialLog,
        owner);
  }

  public GuestSpec withDisks(List<DiskSpec> others) {
    return with(networkCards, Optional.of(others));
  }

  public GuestSpec withNetworkCards(List<CardSpec> others) {
    return with(Optional.of(others), disks);
  }

  private GuestSpec with(
      Optional<List<CardSpec>> otherNetworkCards, Optional<List<DiskSpec>> otherDisks) {
    return new GuestSpec(
        name,
        uuid,
        memory,
        vcpus,
        machine,
        cpu,
        kernel,
        initrd,
        commandLine,
        otherNetworkCards,
        otherDisks,
        serialLog,
        owner);
  }

  /**
   * A network card to make.
   *
   * @param mac random when left out
   * @param addresses what the guest has on it
   * @param dnsName a name that leads to them
   */
  public record CardSpec(
      Optional<String> mac,
      String bridge,
      Optional<List<String>> addresses,
      Optional<String> dnsName) {
    /** A card of whose addresses nothing is known. */
    public CardSpec(Optional<String> mac, String bridge) {
      this(mac, bridge, Optional.empty(), Optional.empty());
    }
  }

  /**
   * A disk to give it; its image exists already.
   *
   * @param format raw or qcow2
   */
  public record DiskSpec(String path, String format, Optional<String> serial) {}
}
