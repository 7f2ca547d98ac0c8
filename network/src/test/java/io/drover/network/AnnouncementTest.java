package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AnnouncementTest {
  private static final String MAC = "525400123456";

  private static List<String> frames(String... addresses) {
    GuestPort port =
        new GuestPort(
            "tap0",
            new NetworkCard(
                "52:54:00:12:34:56",
                "br0",
                List.of(addresses).stream().map(IpAddress::new).toList(),
                Optional.empty()));
    return Announcement.of(port).stream().map(HexFormat.of()::formatHex).toList();
  }

  @Test
  void aCardWithoutAddressesIsAnnouncedByRarpAlone() {
    assertThat(frames())
        .containsExactly(
            "ffffffffffff"
                + MAC
                + "8035"
                + "0001080006040003"
                + MAC
                + "00000000"
                + MAC
                + "00000000"
                + "00".repeat(18));
  }

  @Test
  void anIpv4AddressIsAnnouncedAsRequestAndAsAnswer() {
    String ip = "c000020a";
    assertThat(frames("192.0.2.10").subList(1, 3))
        .containsExactly(
            "ffffffffffff"
                + MAC
                + "0806"
                + "0001080006040001"
                + MAC
                + ip
                + "000000000000"
                + ip
                + "00".repeat(18),
            "ffffffffffff"
                + MAC
                + "0806"
                + "0001080006040002"
                + MAC
                + ip
                + "ffffffffffff"
                + ip
                + "00".repeat(18));
  }

  @Test
  void anIpv6AddressIsAnnouncedByAnUnsolicitedAdvertisementThatOverrides() {
    String ip = "20010db8000000000000000000000010";
    String allNodes = "ff020000000000000000000000000001";
    String frame = frames("2001:db8::10").get(1);
    assertThat(frame)
        .startsWith("333300000001" + MAC + "86dd" + "6000000000203aff" + ip + allNodes + "8800")
        .endsWith("20000000" + ip + "0201" + MAC)
        .hasSize(2 * 86);
    assertThat(sumOfIcmp(HexFormat.of().parseHex(frame))).isEqualTo(0xffff);
  }

  /** Over pseudo-header and message with its checksum in it: all ones if that is right. */
  private static int sumOfIcmp(byte[] frame) {
    int sum = 32 + 58;
    for (int i = 22; i < frame.length; i += 2) {
      sum += ((frame[i] & 0xff) << 8) | (frame[i + 1] & 0xff);
    }
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
  }
}
