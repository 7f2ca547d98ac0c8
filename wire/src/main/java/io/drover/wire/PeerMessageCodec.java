package io.drover.wire;

/** The messages of a control connection. The type numbers are the format: never reuse one. */
final class PeerMessageCodec {
  private static final int PREPARE = 0x10;
  private static final int LISTEN = 0x11;
  private static final int COMMIT = 0x12;
  private static final int ABORT = 0x13;
  private static final int FINISHED = 0x14;
  private static final int ATTACH = 0x15;
  private static final int SOURCE_LOST = 0x17;
  private static final int HEARTBEAT = 0x16;
  private static final int CONTINUITY = 0x20;
  private static final int OPEN_DISKS = 0x18;
  private static final int PREPARED = 0x30;
  private static final int REFUSED = 0x31;
  private static final int LISTENING = 0x32;
  private static final int RUNNING = 0x33;
  private static final int RECEIVED = 0x34;
  private static final int PAUSED = 0x35;
  private static final int GONE = 0x36;
  private static final int ABORTED = 0x37;
  private static final int POWERED_OFF = 0x38;
  private static final int TARGET_STATUS = 0x39;
  private static final int HEARTBEAT_REPLY = 0x3a;
  private static final int DISKS_OPEN = 0x3b;

  private PeerMessageCodec() {}

  static byte[] encode(PeerMessage message) {
    FieldWriter out = new FieldWriter(type(message));
    switch (message) {
      case PeerMessage.Prepare prepare -> {
        PeerMessageFields.guest(out, prepare.guest());
        PeerMessageFields.options(out, prepare.options());
        out.flag(prepare.postCopy());
        out.flag(prepare.urgentChannel());
        PeerMessageFields.version(out, prepare.hypervisorVersion());
        out.string(prepare.accelerator(), Protocol.MAX_TEXT_BYTES);
        out.list(prepare.files(), file -> PeerMessageFields.file(out, file));
        out.list(prepare.images(), image -> PeerMessageFields.image(out, image));
        out.i32(prepare.generation());
        out.flag(prepare.dryRun());
      }
      case PeerMessage.Listen listen -> out.i32(listen.attempt());
      case PeerMessage.OpenDisks open -> out.i32(open.attempt());
      case PeerMessage.DisksOpen open -> {
        out.i32(open.attempt());
        out.list(open.tickets(), ticket -> PeerMessageFields.ticket(out, ticket));
        PeerMessageFields.content(out, open.content());
      }
      case PeerMessage.Commit commit -> out.flag(commit.run());
      case PeerMessage.Abort abort -> out.prose(abort.reason());
      case PeerMessage.SourceLost lost -> out.prose(lost.reason());
      case PeerMessage.Heartbeat heartbeat -> out.i64(heartbeat.sequence());
      case PeerMessage.Prepared prepared -> {
        PeerMessageFields.version(out, prepared.hypervisorVersion());
        out.flag(prepared.postCopy());
        out.list(prepared.disks(), out::u8);
        out.list(prepared.layers(), layers -> PeerMessageFields.layers(out, layers));
        out.list(prepared.warnings(), warning -> PeerMessageFields.problem(out, warning));
      }
      case PeerMessage.Refused refused ->
          out.list(refused.problems(), problem -> PeerMessageFields.problem(out, problem));
      case PeerMessage.Listening listening -> {
        out.i32(listening.attempt());
        out.list(listening.tickets(), ticket -> PeerMessageFields.ticket(out, ticket));
        out.optional(listening.nativePort(), out::u16);
        PeerMessageFields.content(out, listening.content());
      }
      case PeerMessage.Continuity continuity -> out.blob(continuity.content());
      case PeerMessage.Paused paused -> out.prose(paused.reason());
      case PeerMessage.Gone gone -> {
        out.flag(gone.mayHaveRun());
        out.prose(gone.reason());
      }
      case PeerMessage.TargetStatus status -> {
        PeerMessageFields.stage(out, status.stage());
        out.flag(status.mayHaveRun());
      }
      case PeerMessage.HeartbeatReply reply -> out.i64(reply.sequence());
      case PeerMessage.Finished(),
          PeerMessage.Attach(),
          PeerMessage.Running(),
          PeerMessage.Received(),
          PeerMessage.Aborted(),
          PeerMessage.PoweredOff() -> {}
    }
    return out.bytes();
  }

  private static int type(PeerMessage message) {
    return switch (message) {
      case PeerMessage.Prepare _ -> PREPARE;
      case PeerMessage.Listen _ -> LISTEN;
      case PeerMessage.OpenDisks _ -> OPEN_DISKS;
      case PeerMessage.DisksOpen _ -> DISKS_OPEN;
      case PeerMessage.Commit _ -> COMMIT;
      case PeerMessage.Abort _ -> ABORT;
      case PeerMessage.SourceLost _ -> SOURCE_LOST;
      case PeerMessage.Finished _ -> FINISHED;
      case PeerMessage.Attach _ -> ATTACH;
      case PeerMessage.Heartbeat _ -> HEARTBEAT;
      case PeerMessage.Continuity _ -> CONTINUITY;
      case PeerMessage.Prepared _ -> PREPARED;
      case PeerMessage.Refused _ -> REFUSED;
      case PeerMessage.Listening _ -> LISTENING;
      case PeerMessage.Running _ -> RUNNING;
      case PeerMessage.Received _ -> RECEIVED;
      case PeerMessage.Paused _ -> PAUSED;
      case PeerMessage.Gone _ -> GONE;
      case PeerMessage.Aborted _ -> ABORTED;
      case PeerMessage.PoweredOff _ -> POWERED_OFF;
      case PeerMessage.TargetStatus _ -> TARGET_STATUS;
      case PeerMessage.HeartbeatReply _ -> HEARTBEAT_REPLY;
    };
  }

  static PeerMessage decode(FieldReader in) {
    int type = in.u8();
    return switch (type) {
      case PREPARE ->
          new PeerMessage.Prepare(
              PeerMessageFields.guest(in),
              PeerMessageFields.options(in),
              in.flag(),
              in.flag(),
              PeerMessageFields.version(in),
              in.string(Protocol.MAX_TEXT_BYTES),
              in.list(() -> PeerMessageFields.file(in)),
              in.list(() -> PeerMessageFields.image(in)),
              in.i32(),
              in.flag());
      case LISTEN -> new PeerMessage.Listen(in.i32());
      case OPEN_DISKS -> new PeerMessage.OpenDisks(in.i32());
      case DISKS_OPEN ->
          new PeerMessage.DisksOpen(
              in.i32(), in.list(() -> PeerMessageFields.ticket(in)), PeerMessageFields.content(in));
      case COMMIT -> new PeerMessage.Commit(in.flag());
      case ABORT -> new PeerMessage.Abort(in.prose());
      case SOURCE_LOST -> new PeerMessage.SourceLost(in.prose());
      case FINISHED -> new PeerMessage.Finished();
      case ATTACH -> new PeerMessage.Attach();
      case HEARTBEAT -> new PeerMessage.Heartbeat(in.i64());
      case CONTINUITY -> new PeerMessage.Continuity(in.blob());
      case PREPARED ->
          new PeerMessage.Prepared(
              PeerMessageFields.version(in),
              in.flag(),
              in.list(in::u8),
              in.list(() -> PeerMessageFields.layers(in)),
              in.list(() -> PeerMessageFields.problem(in)));
      case REFUSED -> new PeerMessage.Refused(in.list(() -> PeerMessageFields.problem(in)));
      case LISTENING ->
          new PeerMessage.Listening(
              in.i32(),
              in.list(() -> PeerMessageFields.ticket(in)),
              in.optional(in::u16),
              PeerMessageFields.content(in));
      case RUNNING -> new PeerMessage.Running();
      case RECEIVED -> new PeerMessage.Received();
      case PAUSED -> new PeerMessage.Paused(in.prose());
      case GONE -> new PeerMessage.Gone(in.flag(), in.prose());
      case ABORTED -> new PeerMessage.Aborted();
      case POWERED_OFF -> new PeerMessage.PoweredOff();
      case TARGET_STATUS -> new PeerMessage.TargetStatus(PeerMessageFields.stage(in), in.flag());
      case HEARTBEAT_REPLY -> new PeerMessage.HeartbeatReply(in.i64());
      default -> throw FieldReader.wrong("a message's type", type);
    };
  }
}
