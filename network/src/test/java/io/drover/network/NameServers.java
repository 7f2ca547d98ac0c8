package io.drover.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A real name server on the loopback device that a test starts and ends. */
final class NameServers implements AutoCloseable {
  static final String SECRET = "c2VjcmV0LWZvci10ZXN0cy1vbmx5LWFuZC1sb25nLWVub3VnaA==";
  private static final String ZONE =
      """
      $TTL 300
      @ IN SOA ns.example.org. admin.example.org. 1 60 60 3600 1
      @ IN NS ns.example.org.
      """;
  private static final List<String> ZONES = List.of("example.org", "2.0.192.in-addr.arpa");

  /** Which one. */
  enum Program {
    NAMED,
    KNOTD;

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Path folder;
  private final Process process;
  final int port;

  static NameServers start(Program program, Path folder) throws IOException {
    List<String> _ = TestPrograms.need(program.word());
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    return new NameServers(program, folder, port);
  }

  /** One that had stopped. */
  static NameServers again(Program program, Path folder, int port) throws IOException {
    return new NameServers(program, folder, port);
  }

  private NameServers(Program program, Path folder, int port) throws IOException {
    this.folder = folder;
    this.port = port;
    Files.writeString(
        keyFile(),
        "key \"drover.\" {\n\talgorithm hmac-sha256;\n\tsecret \"%s\";\n};\n".formatted(SECRET));
    for (String zone : ZONES) {
      Files.writeString(
          folder.resolve(zone), ZONE + (zone.equals("example.org") ? "ns IN A 127.0.0.1\n" : ""));
    }
    List<String> command = new ArrayList<>(TestPrograms.need(program.word()));
    command.addAll(
        switch (program) {
          case NAMED -> named();
          case KNOTD -> knotd();
        });
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (ask("example.org", "SOA").isEmpty()) {
      if (System.nanoTime() > deadline || !process.isAlive()) {
        process.destroy();
        throw new AssertionError(Files.readString(folder.resolve("log")));
      }
    }
  }

  Path keyFile() {
    return folder.resolve("key");
  }

  private List<String> named() throws IOException {
    StringBuilder zones = new StringBuilder();
    for (String zone : ZONES) {
      zones.append(
          "zone \"%1$s\" { type primary; file \"%2$s/%1$s\"; update-policy { grant drover. zonesub ANY; }; };\n"
              .formatted(zone, folder));
    }
    Path file = folder.resolve("named.conf");
    Files.writeString(
        file,
        """
        include "%1$s";
        options { directory "%2$s"; listen-on port %3$d { 127.0.0.1; }; listen-on-v6 { none; };
          pid-file "%2$s/pid"; session-keyfile "%2$s/session"; recursion no; };
        controls { };
        %4$s
        """
            .formatted(keyFile(), folder, port, zones));
    return List.of("-g", "-c", file.toString());
  }

  private List<String> knotd() throws IOException {
    StringBuilder zones = new StringBuilder();
    for (String zone : ZONES) {
      zones.append(
          "  - domain: %1$s\n    file: %2$s/%1$s\n    acl: drover\n".formatted(zone, folder));
    }
    Path file = folder.resolve("knot.conf");
    Files.writeString(
        file,
        """
        server:
          rundir: %1$s
          listen: 127.0.0.1@%2$d
        key:
          - id: drover.
            algorithm: hmac-sha256
            secret: %3$s
        acl:
          - id: drover
            key: drover.
            action: update
        database:
          storage: %1$s
        zone:
        %4$s
        """
            .formatted(folder, port, SECRET, zones));
    return List.of("-c", file.toString());
  }

  /** What the server answers to anybody. */
  String ask(String name, String type) {
    return new SystemCommands()
        .run(
            Duration.ofSeconds(10),
            "",
            List.of(
                "dig",
                "+short",
                "+time=1",
                "+tries=1",
                "@127.0.0.1",
                "-p",
                Integer.toString(port),
                name,
                type))
        .out()
        .lines()
        .filter(line -> !line.startsWith(";"))
        .sorted()
        .reduce((one, two) -> one + " " + two)
        .orElse("");
  }

  String ttl(String name, String type) {
    return new SystemCommands()
        .run(
            Duration.ofSeconds(10),
            "",
            List.of(
                "dig", "+noall", "+answer", "@127.0.0.1", "-p", Integer.toString(port), name, type))
        .out()
        .split("\\s+", -1)[1];
  }

  @Override
  public void close() {
    process.destroy();
    try {
      int _ = process.waitFor();
    } catch (InterruptedException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
