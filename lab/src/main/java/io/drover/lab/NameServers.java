package io.drover.lab;

import io.drover.lab.Machine.Zone;
import io.drover.model.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The name servers of a lab: BIND or Knot, which take updates that are signed with the lab's key.
 * Every host has the key in {@code /run/drover-dns/drover.key}, in BIND's words.
 */
final class NameServers {
  static final String KEY_NAME = "drover";
  static final String KEY_FILE = "drover-dns/drover.key";
  private static final int SECRET_BYTES = 32;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Lab lab;

  NameServers(Lab lab) {
    this.lab = lab;
  }

  void startAll() {
    List<NodeRecord> servers =
        lab.record().nodes().stream()
            .filter(node -> node.role() == Machine.Role.NAME_SERVER)
            .toList();
    if (servers.isEmpty()) {
      return;
    }
    Optional<String> missing = missing(lab.record().topology(), StockPrograms.ofMachine());
    if (missing.isPresent()) {
      throw Problem.host("program-missing", missing.get(), "").asException();
    }
    String secret = secret();
    String key =
        "key \"%s\" { algorithm hmac-sha256; secret \"%s\"; };\n".formatted(KEY_NAME, secret);
    for (NodeRecord host : lab.record().hosts()) {
      write(lab.runFolder(host.name()).resolve(KEY_FILE), key);
    }
    for (NodeRecord server : servers) {
      configure(server, key, secret);
      start(server.name());
    }
  }

  /** Which name servers of a topology this machine does not have, in a sentence. */
  static Optional<String> missing(Topology topology, StockPrograms programs) {
    List<String> missing =
        programs.missing(
            topology.machines().stream()
                .filter(machine -> machine.role() == Machine.Role.NAME_SERVER)
                .map(NameServers::program)
                .distinct()
                .toList());
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "The name server %s is not there: %s."
                .formatted(String.join(", ", missing), StockPrograms.REMEDY));
  }

  private static String program(Machine machine) {
    return switch (machine.nameServer().orElseThrow().program()) {
      case BIND -> "named";
      case KNOT -> "knotd";
    };
  }

  private static String secret() {
    byte[] secret = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(secret);
    return Base64.getEncoder().encodeToString(secret);
  }

  private void configure(NodeRecord server, String key, String secret) {
    Path folder = lab.runFolder(server.name()).resolve("dns");
    Machine.NameServer what = server.machine().nameServer().orElseThrow();
    String first = what.zones().getFirst().name();
    for (Zone zone : what.zones()) {
      write(folder.resolve(zone.name() + ".zone"), zoneText(zone, first, server.address()));
    }
    try {
      Files.createDirectories(folder.resolve("database")); // Knot does not, and then cannot update
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    write(
        folder.resolve("server.conf"),
        switch (what.program()) {
          case BIND -> key + bind(what.zones());
          case KNOT -> knot(what.zones(), secret);
        });
  }

  static String zoneText(Zone zone, String firstZone, String address) {
    StringBuilder text = new StringBuilder();
    text.append("$ORIGIN %s.%n$TTL 60%n".formatted(zone.name()));
    // The last number is how long a missing name is remembered.
    text.append(
        "@ IN SOA ns.%1$s. hostmaster.%1$s. 1 3600 600 86400 1%n@ IN NS ns.%1$s.%n"
            .formatted(firstZone));
    if (zone.name().equals(firstZone)) {
      text.append("ns IN A %s%n".formatted(address));
    }
    zone.records().forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  private static String bind(List<Zone> zones) {
    StringBuilder text =
        new StringBuilder(
            """
            options {
              directory "/run/dns";
              pid-file none;
              session-keyfile none;
              listen-on { any; };
              listen-on-v6 { any; };
              recursion no;
              dnssec-validation no;
              notify no;
              allow-transfer { key drover; };
            };
            controls { };
            """);
    for (Zone zone : zones) {
      text.append(
          """
          zone "%1$s" { type primary; file "%1$s.zone"; update-policy { grant drover zonesub ANY; }; };
          """
              .formatted(zone.name()));
    }
    return text.toString();
  }

  private static String knot(List<Zone> zones, String secret) {
    StringBuilder text =
        new StringBuilder(
            """
            server:
              rundir: /run/dns
              listen: [0.0.0.0@53, "::@53"]
            database:
              storage: /run/dns/database
            log:
              - target: stderr
                any: info
            key:
              - id: drover
                algorithm: hmac-sha256
                secret: "%s"
            acl:
              - id: drover
                key: drover
                action: [update, transfer]
            zone:
            """
                .formatted(secret));
    for (Zone zone : zones) {
      text.append(
          """
            - domain: %1$s
              storage: /run/dns
              file: %1$s.zone
              acl: drover
          """
              .formatted(zone.name()));
    }
    return text.toString();
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Starts one; what it was told before stays. */
  void start(String name) {
    Node node = lab.node(name);
    ProcessIdentity process =
        node.spawn(
            lab.record().name(),
            log(name),
            StockPrograms.ofMachine().command(program(node.record().machine())));
    pidFile(lab, name).write(process);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!node.run("ss", "-Hltn", "sport", "=", ":53").contains(":53")) {
      if (!process.alive() || System.nanoTime() > deadline) {
        throw Problem.host(
                "name-server-silent",
                "The name server of %s did not come up".formatted(name),
                "Read %s.".formatted(log(name)))
            .asException();
      }
      Programs.pause(Duration.ofMillis(20));
    }
  }

  void stop(String name) {
    pidFile(lab, name).stop();
  }

  /** "running", "stopped", or "none" where there never was one. */
  static String state(Lab lab, String name) {
    return pidFile(lab, name).state();
  }

  private Path log(String name) {
    return lab.folder().resolve(name).resolve("dns.log");
  }

  private static PidFile pidFile(Lab lab, String name) {
    return new PidFile(lab.folder().resolve(name).resolve("dns.pid"));
  }
}
