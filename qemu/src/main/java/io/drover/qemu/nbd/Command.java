package io.drover.qemu.nbd;

import java.util.Optional;

/** What a client may ask for once it uses an export. */
enum Command {
  READ(0, RequestFlags.DO_NOT_FRAGMENT),
  WRITE(1, RequestFlags.NONE),
  DISCONNECT(2, RequestFlags.NONE),
  FLUSH(3, RequestFlags.NONE),
  TRIM(4, RequestFlags.NONE),
  WRITE_ZEROES(6, RequestFlags.KEEP_ALLOCATED.and(RequestFlags.FAST_ONLY)),
  BLOCK_STATUS(7, RequestFlags.ONE_EXTENT);

  private final int code;
  private final int flags;

  Command(int code, RequestFlags flags) {
    this.code = code;
    this.flags = flags.bits();
  }

  int code() {
    return code;
  }

  /** Which flags it may have, besides {@link RequestFlags#DURABLE}, which any may. */
  RequestFlags flags() {
    return new RequestFlags(flags);
  }

  static Optional<Command> ofCode(int code) {
    for (Command command : values()) {
      if (command.code == code) {
        return Optional.of(command);
      }
    }
    return Optional.empty();
  }
}
