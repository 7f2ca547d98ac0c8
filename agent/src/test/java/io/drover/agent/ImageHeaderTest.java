package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.DiskFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageHeaderTest {
  @TempDir private Path folder;

  private Path qcow2(int version, Consumer<ByteBuffer> more) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(4096);
    head.putInt(0, 0x514649fb).putInt(4, version).putLong(24, 64 << 20);
    more.accept(head);
    return Files.write(folder.resolve("image"), head.array());
  }

  @Test
  void aRawImageIsAsLargeAsItsFileInWholeSectors() throws IOException {
    assertThat(ImageHeader.of(Files.write(folder.resolve("a"), new byte[1024])))
        .contains(new ImageHeader(DiskFormat.RAW, 1024));
    assertThat(ImageHeader.of(Files.write(folder.resolve("b"), new byte[3])))
        .contains(new ImageHeader(DiskFormat.RAW, 512));
    assertThat(ImageHeader.of(Files.write(folder.resolve("c"), new byte[0])))
        .contains(new ImageHeader(DiskFormat.RAW, 0));
  }

  @Test
  void aQcow2ImageTellsItsSize() throws IOException {
    ImageHeader expected = new ImageHeader(DiskFormat.QCOW2, 64 << 20);
    assertThat(ImageHeader.of(qcow2(3, head -> {}))).contains(expected);
    // What is at the place of version 3's features is something else in version 2.
    assertThat(ImageHeader.of(qcow2(2, head -> head.putLong(72, -1)))).contains(expected);
  }

  @Test
  void anImageThatNeedsOtherFilesOrASecretIsNone() throws IOException {
    assertThat(ImageHeader.of(qcow2(3, head -> head.putLong(8, 512)))).isEmpty();
    assertThat(ImageHeader.of(qcow2(3, head -> head.putLong(72, 1 << 2)))).isEmpty();
    assertThat(ImageHeader.of(qcow2(3, head -> head.putInt(32, 2)))).isEmpty();
  }
}
