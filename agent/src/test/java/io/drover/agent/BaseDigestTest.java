package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.qemu.nbd.DeviceFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BaseDigestTest {
  private static final int SIZE = 5 << 20;
  private static final byte[] SOME = new byte[300_000];

  static {
    new Random(3).nextBytes(SOME);
  }

  @Test
  void isThatOfTheSizeAndOfTheNumberedBlocksThatAreNotZero()
      throws IOException, NoSuchAlgorithmException {
    byte[] block = Arrays.copyOf(SOME, 65536);
    MessageDigest expected = MessageDigest.getInstance("SHA-256");
    expected.update(ByteBuffer.allocate(8).putLong(SIZE).array());
    expected.update(ByteBuffer.allocate(8).putLong(7).array());
    expected.update(block);
    assertThat(BaseDigest.of(new SparseDevice(SIZE).with(7 * 65536, block)))
        .isEqualTo(HexFormat.of().formatHex(expected.digest()));
  }

  @Test
  void doesNotDependOnWhichZeroesAreWrittenDownNorOnHowThatIsTold() throws IOException {
    String digest = BaseDigest.of(new SparseDevice(SIZE).with(100_000 * 3, SOME));
    assertThat(
            BaseDigest.of(
                new SparseDevice(SIZE)
                    .with(0, new byte[100])
                    .with(1_000_000, new byte[3_000_000])
                    .with(100_000 * 3, SOME)))
        .isEqualTo(digest);
    assertThat(
            BaseDigest.of(
                new SparseDevice(SIZE, EnumSet.noneOf(DeviceFeature.class))
                    .with(100_000 * 3, SOME)))
        .isEqualTo(digest);
  }

  @Test
  void isAnotherForAnotherByteAnotherPlaceAndAnotherSize() throws IOException {
    byte[] other = SOME.clone();
    other[other.length - 1]++;
    assertThat(
            Arrays.asList(
                BaseDigest.of(new SparseDevice(SIZE).with(65536, SOME)),
                BaseDigest.of(new SparseDevice(SIZE).with(65536, other)),
                BaseDigest.of(new SparseDevice(SIZE).with(2 * 65536, SOME)),
                BaseDigest.of(new SparseDevice(SIZE + 512).with(65536, SOME)),
                BaseDigest.of(new SparseDevice(SIZE - 65536).with(65536, SOME)),
                BaseDigest.of(new SparseDevice(SIZE)),
                BaseDigest.of(new SparseDevice(0))))
        .doesNotHaveDuplicates();
  }

  @Test
  void takesInALastBlockThatIsShort() throws IOException {
    SparseDevice device = new SparseDevice(65536 + 512);
    String empty = BaseDigest.of(device);
    assertThat(BaseDigest.of(device.with(65536, new byte[] {1}))).isNotEqualTo(empty);
  }

  @Test
  void readsNothingThatIsKnownToBeZero() throws IOException {
    SparseDevice device = new SparseDevice(SIZE).with(4 << 20, SOME);
    String _ = BaseDigest.of(device);
    assertThat(device.requests).containsExactly("read");
  }
}
