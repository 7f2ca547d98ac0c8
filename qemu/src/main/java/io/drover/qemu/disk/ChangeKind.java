package io.drover.qemu.disk;

import java.io.IOException;

/** What is to be done to a disk. The codes are the format: never change one. */
enum ChangeKind {
  WRITE(1),
  ZEROES(2),
  TRIM(3),
  FLUSH(4);

  private final int code;

  ChangeKind(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static ChangeKind ofCode(int code) throws IOException {
    for (ChangeKind kind : values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw new IOException("the peer wants a change of an unknown kind (%d)".formatted(code));
  }
}
