package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** BIRD with the configuration that the manual gives, and a router that listens to it. */
@Tag("real")
class RouteAnnouncementIT {
  private static final Path MANUAL = Path.of("../docs/continuity.md");
  private static final String ROUTER =
      """
      router id 198.51.100.1;
      protocol device {}
      protocol kernel { ipv4 { import none; export all; }; }
      protocol kernel { ipv6 { import none; export all; }; }
      protocol bgp {
        local 198.51.100.1 as 64513;
        neighbor 198.51.100.11 as 64512;
        ipv4 { import all; export none; };
      }
      protocol bgp {
        local 2001:db8:b::1 as 64513;
        neighbor 2001:db8:b::11 as 64512;
        ipv6 { import all; export none; };
      }
      """;

  @TempDir Path folder;
  private final Namespaces namespaces = new Namespaces();
  private String host = "";
  private String router = "";

  @BeforeAll
  static void needed() {
    Namespaces.needed();
    List<String> _ = TestPrograms.need("bird");
  }

  @BeforeEach
  void connect() throws Exception {
    host = namespaces.make("host");
    router = namespaces.make("router");
    Namespaces.in(
        host,
        """
        ip link add eth0 type veth peer name eth0 netns %s
        ip link set eth0 up; ip addr add 198.51.100.11/24 dev eth0
        ip addr add 2001:db8:b::11/64 dev eth0 nodad
        ip link add guests type bridge; ip link set guests up
        ip tuntap add dev drw00000001 mode tun; ip link set drw00000001 up
        """
            .formatted(router));
    Namespaces.in(
        router,
        """
        ip link set eth0 up; ip addr add 198.51.100.1/24 dev eth0
        ip addr add 2001:db8:b::1/64 dev eth0 nodad
        """);
    String manual = Files.readString(MANUAL);
    int begin = manual.indexOf("router id ");
    bird(host, manual.substring(begin, manual.indexOf("```", begin)));
    bird(router, ROUTER);
  }

  @AfterEach
  void remove() {
    namespaces.close();
  }

  private void bird(String namespace, String configuration) throws IOException {
    Path file = Files.writeString(folder.resolve(namespace + ".conf"), configuration);
    List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    command.addAll(TestPrograms.need("bird"));
    command.addAll(
        List.of("-f", "-c", file.toString(), "-s", folder.resolve(namespace + ".ctl").toString()));
    Process _ =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(namespace + ".log").toFile())
            .start();
  }

  private static GuestPort port(String... addresses) {
    return new GuestPort(
        "tap0",
        new NetworkCard(
            "52:54:00:00:00:0a",
            "guests",
            List.of(addresses).stream().map(IpAddress::new).toList(),
            Optional.empty()));
  }

  private String routes() {
    return Namespaces.in(router, "ip route show proto bird; ip -6 route show proto bird");
  }

  private void awaitRoutes(String what, java.util.function.Predicate<String> wanted)
      throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!wanted.test(routes())) {
      assertThat(System.nanoTime())
          .as(
              "%s; the router has:%n%s%nBIRD on the host says: %s",
              what, routes(), Files.readString(folder.resolve(host + ".log")))
          .isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  @Test
  void theNetworkLearnsWhichGuestsAreHereAndNoneThatLeft() throws Exception {
    HostNetwork network = Namespaces.network(host);
    GuestPort left = port("192.0.2.11", "2001:db8::11");
    network.routeThrough(left.card().addresses(), "drw00000001");
    GuestPort here = port("192.0.2.10", "2001:db8::10");
    network.routeHere(here);

    awaitRoutes(
        "the guest is announced",
        routes ->
            routes.contains("192.0.2.10 via 198.51.100.11") && routes.contains("2001:db8::10 via"));
    assertThat(routes()).doesNotContain("192.0.2.11").doesNotContain("2001:db8::11");

    // It leaves: what still arrives is passed on, but nothing is to come because of this host.
    network.routeThrough(here.card().addresses(), "drw00000001");
    awaitRoutes("it is withdrawn", String::isBlank);
    network.routeHere(here);
    awaitRoutes("it is back", routes -> routes.contains("192.0.2.10 via 198.51.100.11"));
  }
}
