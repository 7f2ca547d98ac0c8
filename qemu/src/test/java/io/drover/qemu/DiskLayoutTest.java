package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.DiskFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** With what QEMU 10.0.2 tells. */
class DiskLayoutTest {
  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text.replace('\'', '"'));
  }

  @Test
  void anImageOnItsOwnHasNoBase() {
    assertThat(
            DiskLayout.of(
                json("{'virtual-size': 100, 'filename': '/a', 'format': 'raw', 'actual-size': 7}")))
        .isEqualTo(new DiskState(100, 7, Optional.empty()));
  }

  @Test
  void allLayersBelowTheTopmostAreItsBase() {
    DiskState disk =
        DiskLayout.of(
            json(
                "{'backing-image': {'backing-image': {'virtual-size': 50, 'filename': '/low.img',"
                    + " 'format': 'raw', 'actual-size': 40, 'dirty-flag': false}, 'virtual-size':"
                    + " 80, 'filename': '/mid.qcow2', 'format': 'qcow2', 'actual-size': 20},"
                    + " 'backing-filename-format': 'qcow2', 'virtual-size': 100, 'filename':"
                    + " '/top.qcow2', 'format': 'qcow2', 'actual-size': 3}"));
    assertThat(disk)
        .isEqualTo(
            new DiskState(
                100,
                63,
                Optional.of(
                    new DiskState.Base(
                        List.of(Path.of("/mid.qcow2"), Path.of("/low.img")),
                        Optional.of(DiskFormat.QCOW2),
                        80,
                        60))));
  }

  @Test
  void aBaseThatIsNoFileOrOfAForeignFormatIsKnownToBeThereAndNoMore() {
    for (String base :
        List.of(
            "'filename': 'nbd://198.51.100.1/base', 'format': 'raw'",
            "'filename': '/base.vmdk', 'format': 'vmdk'")) {
      DiskState disk =
          DiskLayout.of(
              json(
                  "{'backing-image': {'virtual-size': 80, 'actual-size': 20, "
                      + base
                      + "}, 'virtual-size': 100, 'filename': '/top.qcow2', 'actual-size': 3}"));
      assertThat(disk.base().orElseThrow().format()).isEmpty();
      assertThat(disk.allocatedBytes()).isEqualTo(23);
    }
  }
}
