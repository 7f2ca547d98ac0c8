package io.drover.api;

import java.util.List;
import java.util.Optional;

/**
 * {@code GET /v1/guests/NAME}; the list is {@code GET /v1/guests}.
 *
 * @param migration the id of the migration it is in, if any
 */
public record GuestView(
    String name,
    String uuid,
    String state,
    long memoryBytes,
    int vcpus,
    String machine,
    String cpu,
    List<CardView> networkCards,
    List<DiskView> disks,
    Optional<String> serialLog,
    Optional<String> owner,
    long pid,
    Optional<String> migration) {

  /** A guest without disks. */
  public GuestView(
      String name,
      String uuid,
      String state,
      long memoryBytes,
      int vcpus,
      String machine,
      String cpu,
      List<CardView> networkCards,
      Optional<String> serialLog,
      Optional<String> owner,
      long pid,
      Optional<String> migration) {
    this(
        name,
        uuid,
        state,
        memoryBytes,
        vcpus,
        machine,
        cpu,
        networkCards,
        List.of(),
        serialLog,
        owner,
        pid,
        migration);
  }

  public record CardView(
      String mac, String bridge, List<String> addresses, Optional<String> dnsName) {}

  public record DiskView(String path, String format, Optional<String> serial) {}
}
