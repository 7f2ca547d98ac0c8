package io.drover.qemu;

/**
 * Has the reader of QEMU's stream compiled before the first migration needs it: read by the
 * interpreter, the first hundred megabytes of a migration fill a third of a fast link.
 */
public final class RecorderWarmup {
  private static final int MEBIBYTES = 64;
  private static final int PIECE_BYTES = 128 << 10;

  private RecorderWarmup() {}

  /** Reads 64 MiB of pages that nobody sends. */
  public static void run() {
    StreamRecorder recorder = new StreamRecorder(_ -> {});
    PracticeStream.ofMebibytes(MEBIBYTES).forEach(part -> feed(recorder, part));
    if (recorder.pageRecords() != (MEBIBYTES << 20) / 4096) {
      throw new IllegalStateException("read " + recorder.pageRecords() + " of its own pages");
    }
  }

  private static void feed(StreamRecorder recorder, byte[] bytes) {
    for (int at = 0; at < bytes.length; at += PIECE_BYTES) {
      recorder.forward(bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
    }
  }
}
