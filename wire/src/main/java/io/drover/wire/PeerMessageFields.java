package io.drover.wire;

import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.Chain;
import io.drover.model.Dedup;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.MigrationOptions;
import io.drover.model.Mode;
import io.drover.model.NetworkCard;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.Storage;
import io.drover.model.Transport;
import io.drover.model.Version;
import io.drover.wire.PeerMessage.BaseFile;
import io.drover.wire.PeerMessage.BaseImage;
import io.drover.wire.PeerMessage.BaseUse;
import io.drover.wire.PeerMessage.ContentUse;
import io.drover.wire.PeerMessage.DiskImage;
import io.drover.wire.PeerMessage.DiskLayers;
import io.drover.wire.PeerMessage.FileDigest;
import io.drover.wire.PeerMessage.TargetStage;
import java.time.Duration;

/** The records inside messages. The numbers of enum constants are the format: never change one. */
final class PeerMessageFields {
  private static final int MAX_PATH = 4096 * 3; // characters are counted where it is checked
  private static final int MAX_WORD = 256;

  private PeerMessageFields() {}

  static void ticket(FieldWriter out, Ticket ticket) {
    out.i64(ticket.high());
    out.i64(ticket.low());
  }

  static Ticket ticket(FieldReader in) {
    return new Ticket(in.i64(), in.i64());
  }

  static void problem(FieldWriter out, Problem problem) {
    out.u8(code(problem.kind()));
    out.string(problem.code(), MAX_WORD);
    out.prose(problem.message());
    out.prose(problem.remedy());
  }

  static Problem problem(FieldReader in) {
    return new Problem(
        in.oneOf("a kind of problem", Problem.Kind.values(), PeerMessageFields::code),
        in.string(MAX_WORD),
        in.prose(),
        in.prose());
  }

  static void version(FieldWriter out, Version version) {
    out.u16(version.major());
    out.u16(version.minor());
    out.u16(version.micro());
  }

  static Version version(FieldReader in) {
    return new Version(in.u16(), in.u16(), in.u16());
  }

  static void file(FieldWriter out, FileDigest file) {
    out.string(file.path(), MAX_PATH);
    out.string(file.sha256(), MAX_WORD);
  }

  static FileDigest file(FieldReader in) {
    return new FileDigest(in.string(MAX_PATH), in.string(MAX_WORD));
  }

  static void guest(FieldWriter out, GuestDefinition guest) {
    out.string(guest.name().value(), MAX_WORD);
    out.string(guest.uuid(), MAX_WORD);
    out.i64(guest.memory().bytes());
    out.u16(guest.vcpus());
    out.string(guest.machine(), MAX_WORD);
    out.string(guest.cpu(), MAX_WORD);
    out.optional(guest.kernel(), path -> out.string(path, MAX_PATH));
    out.optional(guest.initrd(), path -> out.string(path, MAX_PATH));
    out.string(guest.commandLine(), Protocol.MAX_COMMAND_LINE_BYTES);
    out.list(
        guest.networkCards(),
        card -> {
          out.string(card.mac(), MAX_WORD);
          out.string(card.bridge(), MAX_WORD);
          out.list(card.addresses(), address -> out.string(address.text(), MAX_WORD));
          out.optional(card.dnsName(), name -> out.string(name, MAX_WORD));
        });
    out.list(
        guest.disks(),
        disk -> {
          out.string(disk.path(), MAX_PATH);
          out.u8(code(disk.format()));
          out.optional(disk.serial(), serial -> out.string(serial, MAX_WORD));
        });
    out.optional(guest.serialLog(), path -> out.string(path, MAX_PATH));
    out.optional(guest.owner(), owner -> out.string(owner.value(), MAX_WORD));
  }

  static GuestDefinition guest(FieldReader in) {
    return new GuestDefinition(
        new GuestName(in.string(MAX_WORD)),
        in.string(MAX_WORD),
        new ByteSize(in.i64()),
        in.u16(),
        in.string(MAX_WORD),
        in.string(MAX_WORD),
        in.optional(() -> in.string(MAX_PATH)),
        in.optional(() -> in.string(MAX_PATH)),
        in.string(Protocol.MAX_COMMAND_LINE_BYTES),
        in.list(
            () ->
                new NetworkCard(
                    in.string(MAX_WORD),
                    in.string(MAX_WORD),
                    in.list(() -> address(in)),
                    in.optional(() -> in.string(MAX_WORD)))),
        in.list(
            () ->
                new GuestDisk(
                    in.string(MAX_PATH),
                    in.oneOf("a disk's format", DiskFormat.values(), PeerMessageFields::code),
                    in.optional(() -> in.string(MAX_WORD)))),
        in.optional(() -> in.string(MAX_PATH)),
        in.optional(() -> new Owner(in.string(MAX_WORD))));
  }

  /** One form for each address, so that a message has one form, too. */
  private static IpAddress address(FieldReader in) {
    String text = in.string(MAX_WORD);
    IpAddress address = new IpAddress(text);
    if (!address.text().equals(text)) {
      throw new IllegalArgumentException("the address '%s' is '%s'".formatted(text, address));
    }
    return address;
  }

  static void options(FieldWriter out, MigrationOptions options) {
    out.u8(code(options.mode()));
    out.u8(code(options.transport()));
    out.optional(options.bandwidth(), rate -> out.i64(rate.bytesPerSecond()));
    out.i64(options.maxDowntime().toNanos());
    out.u16(options.parallelChannels());
    out.u8(code(options.dedup()));
    out.u8(code(options.storage()));
    out.u8(code(options.chain()));
  }

  static MigrationOptions options(FieldReader in) {
    return new MigrationOptions(
        in.oneOf("a mode", Mode.values(), PeerMessageFields::code),
        in.oneOf("a transport", Transport.values(), PeerMessageFields::code),
        in.optional(() -> new ByteRate(in.i64())),
        Duration.ofNanos(in.i64()),
        in.u16(),
        in.oneOf("a choice about content", Dedup.values(), PeerMessageFields::code),
        in.oneOf("what becomes of disks", Storage.values(), PeerMessageFields::code),
        in.oneOf("what becomes of bases", Chain.values(), PeerMessageFields::code));
  }

  static void image(FieldWriter out, DiskImage image) {
    out.i64(image.size());
    out.i64(image.allocatedBytes());
    out.string(image.realPath(), MAX_PATH);
    out.optional(image.probe(), probe -> out.string(probe, MAX_WORD));
    out.optional(
        image.base(),
        base -> {
          out.string(base.name(), MAX_PATH);
          out.i64(base.size());
          out.i64(base.allocatedBytes());
          out.optional(base.digest(), digest -> out.string(digest, MAX_WORD));
        });
  }

  static DiskImage image(FieldReader in) {
    return new DiskImage(
        in.i64(),
        in.i64(),
        in.string(MAX_PATH),
        in.optional(() -> in.string(MAX_WORD)),
        in.optional(
            () ->
                new BaseImage(
                    in.string(MAX_PATH),
                    in.i64(),
                    in.i64(),
                    in.optional(() -> in.string(MAX_WORD)))));
  }

  static void layers(FieldWriter out, DiskLayers layers) {
    out.u8(layers.disk());
    out.u8(code(layers.use()));
    out.optional(
        layers.base(),
        base -> {
          out.string(base.path(), MAX_PATH);
          out.u8(code(base.format()));
        });
    out.prose(layers.reason());
  }

  static DiskLayers layers(FieldReader in) {
    return new DiskLayers(
        in.u8(),
        in.oneOf("a use of a base", BaseUse.values(), PeerMessageFields::code),
        in.optional(
            () ->
                new BaseFile(
                    in.string(MAX_PATH),
                    in.oneOf("an image's format", DiskFormat.values(), PeerMessageFields::code))),
        in.prose());
  }

  static void stage(FieldWriter out, TargetStage stage) {
    out.u8(code(stage));
  }

  static TargetStage stage(FieldReader in) {
    return in.oneOf("a target's stage", TargetStage.values(), PeerMessageFields::code);
  }

  static void content(FieldWriter out, ContentUse content) {
    out.u8(code(content));
  }

  static ContentUse content(FieldReader in) {
    return in.oneOf("a use of content", ContentUse.values(), PeerMessageFields::code);
  }

  private static int code(ContentUse content) {
    return switch (content) {
      case NONE -> 1;
      case NAMES -> 2;
      case NAMES_AND_ZSTD -> 3;
    };
  }

  private static int code(Problem.Kind kind) {
    return switch (kind) {
      case USAGE -> 1;
      case HOST -> 2;
      case PEER -> 3;
      case FULL -> 4;
      case MIGRATION -> 5;
      case UNKNOWN -> 6;
      case BUG -> 7;
    };
  }

  private static int code(DiskFormat format) {
    return switch (format) {
      case RAW -> 1;
      case QCOW2 -> 2;
    };
  }

  private static int code(Storage storage) {
    return switch (storage) {
      case AUTO -> 1;
      case MOVE -> 2;
      case KEEP -> 3;
    };
  }

  private static int code(Chain chain) {
    return switch (chain) {
      case AUTO -> 1;
      case REBASE -> 2;
      case KEEP -> 3;
      case FLATTEN -> 4;
    };
  }

  private static int code(BaseUse use) {
    return switch (use) {
      case FLATTENED -> 1;
      case UNREAD -> 2;
      case ON_BASE -> 3;
      case ON_COPY -> 4;
    };
  }

  private static int code(Mode mode) {
    return switch (mode) {
      case AUTO -> 1;
      case PRECOPY -> 2;
      case POSTCOPY -> 3;
      case HYBRID -> 4;
      case COLD -> 5;
    };
  }

  private static int code(Transport transport) {
    return switch (transport) {
      case TUNNEL -> 1;
      case NATIVE -> 2;
      case NATIVE_TLS -> 3;
    };
  }

  private static int code(Dedup dedup) {
    return switch (dedup) {
      case AUTO -> 1;
      case ON -> 2;
      case OFF -> 3;
    };
  }

  private static int code(TargetStage stage) {
    return switch (stage) {
      case UNKNOWN -> 1;
      case RECEIVING -> 2;
      case LOADED -> 3;
      case RUNNING -> 4;
      case POSTCOPY_PAUSED -> 5;
      case RECEIVED -> 6;
      case GONE -> 7;
    };
  }
}
