package io.drover.wire;

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
import io.drover.wire.PeerMessage.FileDigest;
import io.drover.wire.PeerMessage.TargetStage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/** Valid messages of every kind, from a seed. */
final class RandomMessages {
  static final int KINDS = 22;
  private final Random random;

  RandomMessages(long seed) {
    random = new Random(seed);
  }

  PeerMessage message(int kind) {
    return switch (kind) {
      case 0 ->
          new PeerMessage.Prepare(
              guest(),
              options(),
              random.nextBoolean(),
              random.nextBoolean(),
              version(),
              oneOf("tcg", "kvm"),
              list(5, () -> new FileDigest("/" + text(30), hex(64))),
              list(
                  8,
                  () ->
                      new PeerMessage.DiskImage(
                          random.nextLong() >>> 2,
                          random.nextLong() >>> 2,
                          "/" + text(30),
                          optional(() -> hex(32)),
                          optional(
                              () ->
                                  new PeerMessage.BaseImage(
                                      "b" + text(30),
                                      random.nextLong() >>> 2,
                                      random.nextLong() >>> 2,
                                      optional(() -> hex(64)))))),
              random.nextInt(Integer.MAX_VALUE),
              random.nextBoolean());
      case 1 -> new PeerMessage.Listen(random.nextInt(Integer.MAX_VALUE));
      case 2 -> new PeerMessage.Commit(random.nextBoolean());
      case 3 -> new PeerMessage.Abort(text(200));
      case 4 -> new PeerMessage.Finished();
      case 5 -> new PeerMessage.Attach();
      case 6 -> new PeerMessage.Heartbeat(random.nextLong());
      case 7 ->
          new PeerMessage.Prepared(
              version(),
              random.nextBoolean(),
              list(8, () -> random.nextInt(8)),
              list(8, this::layers),
              list(4, this::problem));
      case 8 -> new PeerMessage.Refused(list(64, this::problem));
      case 9 ->
          new PeerMessage.Listening(
              random.nextInt(1000),
              list(20, this::ticket),
              optional(() -> random.nextInt(65536)),
              oneOf(PeerMessage.ContentUse.values()));
      case 10 -> new PeerMessage.Running();
      case 11 -> new PeerMessage.Received();
      case 12 -> new PeerMessage.Paused(text(100));
      case 13 -> new PeerMessage.Gone(random.nextBoolean(), text(100));
      case 14 -> new PeerMessage.Aborted();
      case 15 -> new PeerMessage.PoweredOff();
      case 16 -> new PeerMessage.TargetStatus(oneOf(TargetStage.values()), random.nextBoolean());
      case 17 -> new PeerMessage.HeartbeatReply(random.nextLong());
      case 18 -> new PeerMessage.SourceLost(text(200));
      case 19 -> {
        byte[] bytes = new byte[random.nextInt(5000)];
        random.nextBytes(bytes);
        yield new PeerMessage.Continuity(new Blob(bytes));
      }
      case 20 -> new PeerMessage.OpenDisks(random.nextInt(Integer.MAX_VALUE));
      case 21 ->
          new PeerMessage.DisksOpen(
              random.nextInt(1000), list(8, this::ticket), oneOf(PeerMessage.ContentUse.values()));
      default -> throw new IllegalArgumentException("kind " + kind);
    };
  }

  Hello hello() {
    Purpose purpose =
        switch (random.nextInt(5)) {
          case 0 -> new Purpose.Control(MigrationId.random(random));
          case 1 ->
              new Purpose.Channel(
                  MigrationId.random(random), random.nextInt(99), random.nextInt(18), ticket());
          case 2 -> new Purpose.Redirect();
          case 3 -> new Purpose.Names();
          default -> new Purpose.Probe();
        };
    return new Hello(2, 2, host(), purpose);
  }

  HelloReply helloReply() {
    return random.nextBoolean()
        ? new HelloReply.Welcome(2, host())
        : new HelloReply.Refused(problem());
  }

  private GuestDefinition guest() {
    return new GuestDefinition(
        new GuestName("g" + random.nextInt(1000)),
        hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12),
        new ByteSize((16L << 20) + (random.nextLong() >>> 12)),
        1 + random.nextInt(GuestDefinition.MAX_VCPUS),
        "pc-i440fx-7.2",
        "qemu64,+ssse3",
        optional(() -> "/" + text(4000)),
        optional(() -> "/boot/initrd.img"),
        text(4000),
        list(
            16,
            () ->
                new NetworkCard(
                    "52:54:00:" + hex(2) + ":" + hex(2) + ":" + hex(2),
                    "br0",
                    list(4, () -> new IpAddress(oneOf("192.0.2.1", "2001:db8::1"))),
                    optional(() -> "web" + hex(3) + ".example.org"))),
        disks(),
        optional(() -> "/run/serial.log"),
        optional(() -> new Owner("o" + hex(4))));
  }

  private MigrationOptions options() {
    Mode mode = oneOf(Mode.values());
    boolean parallel = mode == Mode.PRECOPY || mode == Mode.COLD;
    int channels = parallel ? random.nextInt(17) : 0;
    Transport transport = oneOf(Transport.values());
    boolean anyDedup = channels == 0 && transport == Transport.TUNNEL;
    return new MigrationOptions(
        mode,
        transport,
        optional(() -> new ByteRate(10_000 + (random.nextLong() >>> 8))),
        Duration.ofNanos(1_000_000 + random.nextInt(1_000_000_000)),
        channels,
        anyDedup ? oneOf(Dedup.values()) : oneOf(Dedup.AUTO, Dedup.OFF),
        oneOf(Storage.values()),
        oneOf(Chain.values()));
  }

  private PeerMessage.DiskLayers layers() {
    PeerMessage.BaseUse use = oneOf(PeerMessage.BaseUse.values());
    return new PeerMessage.DiskLayers(
        random.nextInt(8),
        use,
        use.flattens()
            ? Optional.empty()
            : Optional.of(new PeerMessage.BaseFile("/" + text(30), oneOf(DiskFormat.values()))),
        text(100));
  }

  private List<GuestDisk> disks() {
    List<GuestDisk> disks = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      disks.add(
          new GuestDisk("/" + i + text(200), oneOf(DiskFormat.values()), optional(() -> hex(20))));
    }
    return disks;
  }

  private Problem problem() {
    return new Problem(oneOf(Problem.Kind.values()), "code-" + hex(3), text(300), text(300));
  }

  private Version version() {
    return new Version(random.nextInt(100), random.nextInt(100), random.nextInt(100));
  }

  private HostName host() {
    return new HostName("host-" + random.nextInt(1000));
  }

  private Ticket ticket() {
    return new Ticket(random.nextLong(), random.nextLong());
  }

  private String hex(int digits) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < digits; i++) {
      text.append(Character.forDigit(random.nextInt(16), 16));
    }
    return text.toString();
  }

  /** Text with one- to four-byte characters. */
  private String text(int maxChars) {
    StringBuilder text = new StringBuilder();
    int points = random.nextInt(maxChars / 2);
    for (int i = 0; i < points; i++) {
      switch (random.nextInt(8)) {
        case 0 -> text.append('ü');
        case 1 -> text.append('羊');
        case 2 -> text.appendCodePoint(0x1F411);
        default -> text.append((char) ('a' + random.nextInt(26)));
      }
    }
    return text.toString();
  }

  @SafeVarargs
  private <T> T oneOf(T... values) {
    return values[random.nextInt(values.length)];
  }

  private <T> Optional<T> optional(Supplier<T> value) {
    return random.nextBoolean() ? Optional.of(value.get()) : Optional.empty();
  }

  private <T> List<T> list(int max, Supplier<T> value) {
    List<T> values = new ArrayList<>();
    int count = random.nextInt(max + 1);
    for (int i = 0; i < count; i++) {
      values.add(value.get());
    }
    return values;
  }
}
