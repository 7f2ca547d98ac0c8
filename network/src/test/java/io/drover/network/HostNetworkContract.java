package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every host's network does; run by the fake and by the kernel. */
abstract class HostNetworkContract {
  static final GuestName WEB = new GuestName("web-1");
  static final GuestFilter FILTER =
      new GuestFilter(
          List.of(
              new FilterTable(
                  "inet",
                  "drover_web-1",
                  """
                  [{"table": {"family": "inet", "name": "drover_web-1"}},
                   {"chain": {"family": "inet", "table": "drover_web-1", "name": "f",
                     "type": "filter", "hook": "forward", "prio": 0, "policy": "accept"}},
                   {"rule": {"family": "inet", "table": "drover_web-1", "chain": "f", "expr": [
                     {"match": {"op": "==", "left": {"payload": {"protocol": "ip",
                       "field": "daddr"}}, "right": "192.0.2.10"}}, {"drop": null}]}}]\
                  """)));

  abstract HostNetwork network();

  static Connection connection(String guest, int port) {
    return Connection.parse(
            "-A -t 1000 -u SEEN_REPLY,ASSURED -s 198.51.100.9 -d %1$s -r %1$s -q 198.51.100.9 -p tcp --sport %2$d --dport 80 --reply-port-src 80 --reply-port-dst %2$d --state ESTABLISHED"
                .formatted(guest, port))
        .orElseThrow();
  }

  @Test
  void aFilterIsThereOnceLoadedAndGoneOnceRemoved() {
    assertThat(network().filter(WEB)).isEqualTo(GuestFilter.NONE);
    network().load(WEB, FILTER);
    network().load(WEB, FILTER);
    assertThat(network().filter(WEB).tables()).hasSize(1);
    assertThat(network().filter(new GuestName("web"))).isEqualTo(GuestFilter.NONE);
    network().removeFilter(WEB);
    network().removeFilter(WEB);
    assertThat(network().filter(WEB)).isEqualTo(GuestFilter.NONE);
  }

  @Test
  void aFilterTakesThePlaceOfAllThatWasThereBefore() {
    network().load(WEB, FILTER);
    network().load(WEB, GuestFilter.NONE);
    assertThat(network().filter(WEB)).isEqualTo(GuestFilter.NONE);
    network().load(WEB, GuestFilter.NONE);
  }

  @Test
  void aFilterOfAnotherNameIsRefusedAndNothingChanges() {
    assertThatThrownBy(() -> network().load(new GuestName("other"), FILTER))
        .isInstanceOf(ProblemException.class);
    assertThat(network().filter(WEB)).isEqualTo(GuestFilter.NONE);
  }

  @Test
  void connectionsAreFoundByAddressAndRestoredOnce() {
    List<IpAddress> web = List.of(new IpAddress("192.0.2.10"));
    network().restore(List.of(connection("192.0.2.10", 5000), connection("192.0.2.11", 5001)));
    network().restore(List.of(connection("192.0.2.10", 5000)));
    assertThat(network().connections(web))
        .singleElement()
        .satisfies(found -> assertThat(found.rest()).containsEntry("--sport", "5000"));
    assertThat(network().connections(List.of(new IpAddress("192.0.2.1")))).isEmpty();
  }

  @Test
  void connectionsOverIpv6AreFoundToo() {
    network().restore(List.of(connection6()));
    assertThat(network().connections(List.of(new IpAddress("2001:db8::10")))).hasSize(1);
  }

  private static Connection connection6() {
    return Connection.parse(
            "-A -t 1000 -u SEEN_REPLY,ASSURED -s 2001:db8::9 -d 2001:db8::10 -r 2001:db8::10 -q"
                + " 2001:db8::9 -p tcp --sport 1 --dport 2 --reply-port-src 2 --reply-port-dst 1"
                + " --state ESTABLISHED")
        .orElseThrow();
  }
}
