package io.drover.qemu;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Has the reader of QEMU's stream compiled before the first migration needs it: read by the
 * interpreter, the first hundred megabytes of a migration fill a third of a fast link.
 */
public final class RecorderWarmup {
  private static final int PAGE_BYTES = 4096;
  private static final int PAGES = 256;
  private static final int ROUNDS = 64;
  private static final int PIECE_BYTES = 128 << 10;
  private static final int SECTION = 2;

  private RecorderWarmup() {}

  /** Reads 64 MiB of pages that nobody sends. */
  public static void run() {
    StreamRecorder recorder = new StreamRecorder(_ -> {});
    feed(recorder, beginning());
    byte[] pages = pages();
    for (int round = 0; round < ROUNDS; round++) {
      feed(recorder, pages);
    }
    if (recorder.pageRecords() != (long) PAGES * ROUNDS) {
      throw new IllegalStateException("read " + recorder.pageRecords() + " of its own pages");
    }
  }

  private static void feed(StreamRecorder recorder, byte[] bytes) {
    for (int at = 0; at < bytes.length; at += PIECE_BYTES) {
      recorder.forward(bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
    }
  }

  private interface Part {
    void write(DataOutputStream out) throws IOException;
  }

  private static byte[] bytes(Part part) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      part.write(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] beginning() {
    return bytes(
        out -> {
          out.writeLong(RamStream.MAGIC_AND_VERSION);
          out.writeByte(RamStream.SECTION_START);
          out.writeInt(SECTION);
          named(out, "ram");
          out.writeInt(0);
          out.writeInt(RamStream.RAM_VERSION);
          out.writeLong((long) PAGES * PAGE_BYTES | RamStream.FLAG_MEM_SIZE);
          named(out, PageRequests.BLOCK);
          out.writeLong((long) PAGES * PAGE_BYTES);
          end(out);
        });
  }

  private static byte[] pages() {
    return bytes(
        out -> {
          out.writeByte(RamStream.SECTION_PART);
          out.writeInt(SECTION);
          byte[] page = new byte[PAGE_BYTES];
          for (long at = 0; at < PAGES; at++) {
            if (at == 0) {
              out.writeLong(RamStream.FLAG_PAGE);
              named(out, PageRequests.BLOCK);
            } else {
              out.writeLong(at * PAGE_BYTES | RamStream.FLAG_PAGE | RamStream.FLAG_CONTINUE);
            }
            out.write(page);
          }
          end(out);
        });
  }

  private static void named(DataOutputStream out, String name) throws IOException {
    out.writeByte(name.length());
    out.writeBytes(name);
  }

  private static void end(DataOutputStream out) throws IOException {
    out.writeLong(RamStream.FLAG_EOS);
    out.writeByte(RamStream.SECTION_FOOTER);
    out.writeInt(SECTION);
  }
}
