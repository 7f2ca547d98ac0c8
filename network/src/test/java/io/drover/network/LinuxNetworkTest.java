package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What the kernel's tools are told about devices whose packets the kernel carries. */
class LinuxNetworkTest {
  private static final HostName BETA = new HostName("beta");
  private static final String PLAIN = RouteTables.plainDevice(BETA);
  private static final Vxlan VXLAN =
      Vxlan.between(
          new HostName("alpha"),
          BETA,
          new IpAddress("203.0.113.2"),
          new IpAddress("203.0.113.6"),
          7717);
  private static final List<IpAddress> GUEST =
      List.of(new IpAddress("192.0.2.10"), new IpAddress("2001:db8::10"));

  /** Tools that note what they are told, and say what they are to say. */
  private static final class Tools implements Commands {
    private final List<String> told = new ArrayList<>();
    private String says = "";
    private Optional<String> refusal = Optional.empty();

    @Override
    public Output run(Duration limit, String input, List<String> command) {
      told.add(String.join(" ", command) + (input.isEmpty() ? "" : " <\n" + input));
      return refusal.map(why -> new Output(1, "", why)).orElseGet(() -> new Output(0, says, ""));
    }
  }

  private final Tools tools = new Tools();
  private final LinuxNetwork network =
      new LinuxNetwork(
          tools,
          new LinuxNetwork.Inside() {
            @Override
            public <T> T call(Supplier<T> action) {
              throw new UnsupportedOperationException("no sockets here");
            }
          });

  @Test
  void aDeviceIsMadeByOneScript() {
    network.plain(VXLAN);
    assertThat(tools.told).containsExactly("sh -e <\n" + VXLAN.script());
  }

  @Test
  void whatTheKernelSaysAgainstItIsTold() {
    tools.refusal = Optional.of("Error: A VXLAN device with the specified VNI already exists.\n");
    assertThatThrownBy(() -> network.plain(VXLAN))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("the specified VNI already exists");
    assertThatThrownBy(() -> network.letIn(VXLAN, List.of(), List.of()))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(PLAIN);
  }

  @Test
  void itsRulesAreReplacedInOneTransaction() {
    network.letIn(VXLAN, GUEST, List.of());
    assertThat(tools.told).containsExactly("nft -f - <\n" + VXLAN.filter(GUEST, List.of()));
  }

  @Test
  void itsRulesGoAfterTheDeviceHasGone() {
    tools.refusal = Optional.of("Cannot find device");
    network.removePlain(PLAIN);
    assertThat(tools.told)
        .containsExactly("ip link delete dev " + PLAIN, "nft delete table inet " + PLAIN);
  }

  @Test
  void guestsAreRoutedByItThroughTheNeighbourAtItsOtherEnd() {
    network.routeThrough(GUEST, PLAIN);
    assertThat(tools.told.getFirst())
        .isEqualTo(
            """
            ip -batch - <
            %s
            %s
            """
                .formatted(
                    RouteTables.redirect(GUEST.getFirst(), PLAIN),
                    RouteTables.redirect(GUEST.getLast(), PLAIN)));
  }

  @Test
  void theirPacketsGoBackByItsTableFirstAndLeaveTheOtherThen() {
    IpAddress guest = GUEST.getFirst();
    int tunnel = RouteTables.of(RouteTables.device(BETA));
    tools.says = "[{\"priority\":7720,\"src\":\"192.0.2.10\",\"table\":\"%d\"}]".formatted(tunnel);
    network.returnThrough(List.of(guest), PLAIN);
    assertThat(tools.told)
        .containsExactly(
            "ip -4 -j rule show pref 7720",
            "ip -4 rule add pref 7720 from 192.0.2.10/32 lookup " + RouteTables.of(PLAIN),
            "ip -4 rule delete pref 7720 from 192.0.2.10/32 lookup " + tunnel);
  }

  @Test
  void devicesThatAreThereAreFoundByName() {
    tools.says =
        """
        1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
        12: drw0f1e2d3c: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc fq state UNKNOWN
        13: drx0f1e2d3c: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN\\    link/ether 02:d7:0f:1e:2d:3c brd ff:ff:ff:ff:ff:ff\\    alias id 7 local drx
        14: drxabcdef01@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN
        15: drx-tap: <BROADCAST> mtu 1500
        """;
    assertThat(network.plainDevices()).containsExactly("drx0f1e2d3c", "drxabcdef01");
  }
}
