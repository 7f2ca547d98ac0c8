package io.drover.qemu;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A stream as QEMU sends it, of pages that are nobody's memory: for practice. */
public final class PracticeStream {
  private static final int PAGE_BYTES = 4096;
  private static final int PAGES = 256;
  private static final int SECTION = 2;

  private PracticeStream() {}

  /** The beginning, and so many mebibytes of pages, each of its own content. */
  public static List<byte[]> ofMebibytes(int count) {
    List<byte[]> parts = new ArrayList<>();
    parts.add(beginning());
    byte[] pages = pages();
    for (int i = 0; i < count; i++) {
      parts.add(pages);
    }
    return parts;
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
          Random random = new Random(1);
          for (long at = 0; at < PAGES; at++) {
            if (at == 0) {
              out.writeLong(RamStream.FLAG_PAGE);
              named(out, PageRequests.BLOCK);
            } else {
              out.writeLong(at * PAGE_BYTES | RamStream.FLAG_PAGE | RamStream.FLAG_CONTINUE);
            }
            random.nextBytes(page);
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
