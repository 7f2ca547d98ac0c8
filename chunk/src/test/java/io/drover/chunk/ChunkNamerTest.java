package io.drover.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ProblemException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkNamerTest {
  private final ChunkNamer namer = new ChunkNamer(Grain.PAGE);

  @Test
  void aPageOfZerosHasItsWellKnownName() {
    assertThat(namer.name(new byte[4096], 0))
        .hasToString("ad7facb2586fc6e966c004d7d1d16b024f5805ff");
  }

  @ParameterizedTest
  @ValueSource(ints = {4096, 8192, 65536, 1 << 20})
  void aNameIsTheBeginningOfSha256(int length) {
    ChunkNamer longer = new ChunkNamer(new Grain(length));
    Random random = new Random(length);
    for (int i = 0; i < 20; i++) {
      byte[] memory = new byte[3 * length];
      random.nextBytes(memory);
      int offset = random.nextInt(2 * length);
      assertThat(longer.name(memory, offset))
          .isEqualTo(Fixture.nameOf(Arrays.copyOfRange(memory, offset, offset + length)));
    }
  }

  @Test
  void oneByteAnywhereIsNotZero() {
    byte[] memory = new byte[3 * 4096];
    assertThat(namer.isZero(memory, 4096)).isTrue();
    for (int i = 4096; i < 2 * 4096; i++) {
      memory[i] = 1;
      assertThat(namer.isZero(memory, 4096)).as("byte %d", i).isFalse();
      memory[i] = 0;
    }
    memory[4095] = 1;
    memory[2 * 4096] = 1;
    assertThat(namer.isZero(memory, 4096)).isTrue();
    assertThat(namer.name(memory, 4096)).isEqualTo(Fixture.nameOf(new byte[4096]));
  }

  @Test
  void namesGoToBytesAndBack() {
    Random random = new Random(1);
    byte[] bytes = new byte[30];
    for (int i = 0; i < 1000; i++) {
      ChunkName name = new ChunkName(random.nextLong(), random.nextLong(), random.nextInt());
      name.write(bytes, 7);
      assertThat(ChunkName.read(bytes, 7)).isEqualTo(name);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -4096, 2048, 4097, 12288, 2 << 20, Integer.MIN_VALUE})
  void chunksOfOtherLengthsAreRefused(int length) {
    assertThatThrownBy(() -> new Grain(length))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(Integer.toString(length));
  }
}
