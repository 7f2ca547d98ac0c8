package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.DiskFormat;
import io.drover.qemu.nbd.RealTools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Images as QEMU's own program lets them be read. */
@Tag("real")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImageServerIT {
  private final RealTools tools;

  ImageServerIT() throws IOException {
    tools = new RealTools("qemu-img", "qemu-io", "qemu-nbd");
  }

  @AfterEach
  void end() throws IOException {
    tools.close();
  }

  private Path image(String name, DiskFormat format, String size) throws Exception {
    Path image = tools.path(name);
    String _ =
        RealTools.run("qemu-img", "create", "-q", "-f", format.word(), image.toString(), size);
    return image;
  }

  private static void io(Path image, DiskFormat format, String command) throws Exception {
    String _ =
        RealTools.run("qemu-io", "-f", format.word(), "-d", "unmap", "-c", command, "" + image);
  }

  private ImageServer open(Path image, DiskFormat format) throws IOException {
    return ImageServer.open(image, format, tools.path("image.sock"));
  }

  @Test
  void aChainIsReadAsOneDiskAndWhatIsZeroIsKnown() throws Exception {
    Path base = image("base.img", DiskFormat.RAW, "2M");
    io(base, DiskFormat.RAW, "write -P 7 0 1M");
    Path top = tools.path("top.qcow2");
    String _ =
        RealTools.run(
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-F",
            "raw",
            "-b",
            "" + base,
            "" + top,
            "4M");
    io(top, DiskFormat.QCOW2, "write -z 64k 64k");
    io(top, DiskFormat.QCOW2, "write -P 9 3M 64k");
    List<String> ranges = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.allocate(4 << 20);
    try (ImageServer open = open(top, DiskFormat.QCOW2)) {
      assertThat(open.device().size()).isEqualTo(4 << 20);
      open.device().read(0, bytes);
      DataRanges.of(open.device(), (at, length) -> ranges.add(at + "+" + length));
      assertThat(DataRanges.bytes(open.device())).isEqualTo((1 << 20));
    }
    assertThat(ranges).containsExactly("0+65536", "131072+917504", "3145728+65536");
    assertThat(bytes.get(0)).isEqualTo((byte) 7);
    assertThat(bytes.get(64 << 10)).isZero();
    assertThat(bytes.get(128 << 10)).isEqualTo((byte) 7);
    assertThat(bytes.get(3 << 20)).isEqualTo((byte) 9);
    assertThat(bytes.get((4 << 20) - 1)).isZero();
    assertThat(Files.exists(tools.path("image.sock"))).isFalse();
  }

  @Test
  void whatCannotBeOpenedIsToldInTheProgramsOwnWords() throws Exception {
    Path image = image("a.img", DiskFormat.RAW, "1M");
    assertThatThrownBy(() -> open(image, DiskFormat.QCOW2).close())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("qcow2");
    assertThat(Files.exists(tools.path("image.sock"))).isFalse();
  }

  @Test
  void anImageThatOthersReadCanBeRead() throws Exception {
    Path image = image("a.img", DiskFormat.RAW, "1M");
    try (ImageServer first = open(image, DiskFormat.RAW);
        ImageServer second = ImageServer.open(image, DiskFormat.RAW, tools.path("second.sock"))) {
      assertThat(first.device().size()).isEqualTo(second.device().size());
    }
  }
}
