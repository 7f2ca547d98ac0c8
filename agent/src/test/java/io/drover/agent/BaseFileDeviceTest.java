package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseFileDeviceTest {
  @TempDir private Path folder;
  private Path image;

  @BeforeEach
  void makeImage() throws IOException {
    image = Files.write(folder.resolve("base.raw"), new byte[4096]);
  }

  @Test
  void whatIsWrittenIsInTheFile() throws IOException {
    try (BaseFileDevice base = new BaseFileDevice(image)) {
      assertThat(base.size()).isEqualTo(4096);
      base.write(1024, ByteBuffer.wrap(new byte[] {1, 2}), RequestFlags.NONE);
      base.writeZeroes(2048, 1024, RequestFlags.NONE);
      base.flush();
    }
    assertThat(Files.readAllBytes(image)).hasSize(4096).containsSubsequence(0, 1, 2, 0);
  }

  @Test
  void aFlushThatFailedIsNotMadeGoodByTheNext() throws IOException {
    AtomicInteger flushes = new AtomicInteger();
    try (BaseFileDevice base =
        new BaseFileDevice(
            image,
            file -> {
              // As a kernel does: it tells once.
              if (flushes.getAndIncrement() == 0) {
                throw new IOException("the disk is broken");
              }
            })) {
      assertThatThrownBy(base::flush).hasMessage("the disk is broken");
      assertThatThrownBy(base::flush)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("the disk is broken");
    }
  }
}
