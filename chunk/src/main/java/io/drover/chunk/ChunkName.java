package io.drover.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.HexFormat;

/** What a chunk is called: the first 160 bits of the SHA-256 of its bytes. */
public record ChunkName(long first, long second, int third) {
  /** The length of a name in files and messages. */
  public static final int BYTES = 20;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  /** The name whose {@value #BYTES} bytes begin at {@code offset}. */
  public static ChunkName read(byte[] bytes, int offset) {
    return new ChunkName(
        (long) LONGS.get(bytes, offset),
        (long) LONGS.get(bytes, offset + Long.BYTES),
        (int) INTS.get(bytes, offset + 2 * Long.BYTES));
  }

  /** Puts the name's {@value #BYTES} bytes at {@code offset}. */
  public void write(byte[] bytes, int offset) {
    LONGS.set(bytes, offset, first);
    LONGS.set(bytes, offset + Long.BYTES, second);
    INTS.set(bytes, offset + 2 * Long.BYTES, third);
  }

  @Override
  public String toString() {
    byte[] bytes = new byte[BYTES];
    write(bytes, 0);
    return HexFormat.of().formatHex(bytes);
  }
}
