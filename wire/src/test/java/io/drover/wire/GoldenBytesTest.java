package io.drover.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.Chain;
import io.drover.model.Dedup;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.MigrationId;
import io.drover.model.MigrationOptions;
import io.drover.model.Mode;
import io.drover.model.NetworkCard;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.Storage;
import io.drover.model.Transport;
import io.drover.model.Version;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The format of version 2 is what golden.txt holds; a change of it needs a new version. */
class GoldenBytesTest {
  private static final MigrationId ID = new MigrationId("m0123456789");
  private static final Ticket TICKET = new Ticket(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
  private static final Problem PROBLEM = Problem.full("no-memory", "beta has 1 GiB", "Free some.");

  @Test
  void everyMessageHasTheBytesThatWereWrittenDown() throws IOException {
    String written =
        encoded().entrySet().stream()
            .map(entry -> entry.getKey() + " " + HexFormat.of().formatHex(entry.getValue()))
            .collect(Collectors.joining("\n", "", "\n"));
    try (InputStream golden =
        Objects.requireNonNull(GoldenBytesTest.class.getResourceAsStream("golden.txt"))) {
      assertThat(written).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  static Map<String, byte[]> encoded() {
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    HostName alpha = new HostName("alpha");
    bytes.put("hello-control", hello(new Purpose.Control(ID)));
    bytes.put("hello-channel", hello(new Purpose.Channel(ID, 2, 1, TICKET)));
    bytes.put("hello-probe", hello(new Purpose.Probe()));
    bytes.put("hello-redirect", hello(new Purpose.Redirect()));
    bytes.put("hello-names", hello(new Purpose.Names()));
    bytes.put("welcome", WireCodec.encode(new HelloReply.Welcome(2, alpha)));
    bytes.put("hello-refused", WireCodec.encode(new HelloReply.Refused(PROBLEM)));
    GuestDefinition guest =
        new GuestDefinition(
            new GuestName("web"),
            "12345678-1234-1234-1234-123456789abc",
            ByteSize.ofMebibytes(512),
            2,
            "pc-i440fx-7.2",
            "qemu64",
            Optional.of("/boot/vmlinuz"),
            Optional.empty(),
            "quiet",
            List.of(
                new NetworkCard(
                    "52:54:00:12:34:56",
                    "br0",
                    List.of(new IpAddress("192.0.2.10")),
                    Optional.of("web.example.org"))),
            List.of(new GuestDisk("/srv/web.img", DiskFormat.QCOW2, Optional.of("web"))),
            Optional.of("/run/web.log"),
            Optional.of(new Owner("alice")));
    MigrationOptions options =
        new MigrationOptions(
            Mode.PRECOPY,
            Transport.TUNNEL,
            Optional.of(new ByteRate(125_000_000)),
            Duration.ofMillis(100),
            4,
            Dedup.OFF,
            Storage.KEEP,
            Chain.REBASE);
    put(
        bytes,
        new PeerMessage.Prepare(
            guest,
            options,
            true,
            false,
            new Version(10, 0, 2),
            "tcg",
            List.of(new PeerMessage.FileDigest("/boot/vmlinuz", "ab".repeat(32))),
            List.of(
                new PeerMessage.DiskImage(
                    1 << 30,
                    1 << 20,
                    "/srv/web.img",
                    Optional.of("p"),
                    Optional.of(
                        new PeerMessage.BaseImage(
                            "base.img", 1 << 29, 1 << 19, Optional.of("cd".repeat(32)))))),
            3,
            true));
    put(bytes, new PeerMessage.Listen(5));
    put(bytes, new PeerMessage.OpenDisks(1));
    put(
        bytes,
        new PeerMessage.DisksOpen(1, List.of(TICKET), PeerMessage.ContentUse.NAMES_AND_ZSTD));
    put(bytes, new PeerMessage.Commit(true));
    put(bytes, new PeerMessage.Abort("cancelled"));
    put(bytes, new PeerMessage.SourceLost("killed"));
    put(bytes, new PeerMessage.Finished());
    put(bytes, new PeerMessage.Attach());
    put(bytes, new PeerMessage.Heartbeat(7));
    put(bytes, new PeerMessage.Continuity(new Blob(new byte[] {1, 2, 3})));
    put(
        bytes,
        new PeerMessage.Prepared(
            new Version(10, 0, 2),
            true,
            List.of(0, 2),
            List.of(
                new PeerMessage.DiskLayers(
                    0,
                    PeerMessage.BaseUse.ON_COPY,
                    Optional.of(new PeerMessage.BaseFile("/srv/base.raw", DiskFormat.RAW)),
                    ""),
                new PeerMessage.DiskLayers(
                    2, PeerMessage.BaseUse.FLATTENED, Optional.empty(), "as asked")),
            List.of(PROBLEM)));
    put(bytes, new PeerMessage.Refused(List.of(PROBLEM)));
    put(
        bytes,
        new PeerMessage.Listening(
            5, List.of(TICKET), Optional.of(4444), PeerMessage.ContentUse.NAMES));
    put(bytes, new PeerMessage.Running());
    put(bytes, new PeerMessage.Received());
    put(bytes, new PeerMessage.Paused("cut"));
    put(bytes, new PeerMessage.Gone(false, "killed"));
    put(bytes, new PeerMessage.Aborted());
    put(bytes, new PeerMessage.PoweredOff());
    for (PeerMessage.TargetStage stage : PeerMessage.TargetStage.values()) {
      bytes.put(
          "target-status-" + stage, WireCodec.encode(new PeerMessage.TargetStatus(stage, true)));
    }
    put(bytes, new PeerMessage.HeartbeatReply(7));
    for (Problem.Kind kind : Problem.Kind.values()) {
      Problem problem = new Problem(kind, "c", "", "");
      bytes.put("problem-" + kind, WireCodec.encode(new HelloReply.Refused(problem)));
    }
    return bytes;
  }

  private static byte[] hello(Purpose purpose) {
    return WireCodec.encode(new Hello(2, 2, new HostName("alpha"), purpose));
  }

  private static void put(Map<String, byte[]> bytes, PeerMessage message) {
    bytes.put(message.getClass().getSimpleName(), WireCodec.encode(message));
  }
}
