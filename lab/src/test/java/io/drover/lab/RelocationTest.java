package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ProblemException;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is known of moves of whole guests without moving one. */
class RelocationTest {
  private static final int RUN = 64 << 10;
  private static final LikeDisk DISK = new LikeDisk(0, 4, 10);

  @TempDir Path folder;

  private byte[] base() throws Exception {
    Path image = folder.resolve("base.img");
    DISK.writeBase(image);
    return Files.readAllBytes(image);
  }

  private Path copy() {
    Path image = folder.resolve("copy.img");
    DISK.writeCopy(image);
    return image;
  }

  @Test
  void aDiskDiffersFromItsBaseInWholeRunsAndInAsManyAsItSays() throws Exception {
    byte[] base = base();
    byte[] copy = Files.readAllBytes(copy());
    assertThat(base).hasSize(4 << 20);
    assertThat(copy).hasSize(4 << 20);
    long different = 0;
    for (int at = 0; at < base.length; at += 4096) {
      if (Arrays.mismatch(base, at, at + 4096, copy, at, at + 4096) >= 0) {
        different += 4096;
      }
    }
    assertThat(different).isEqualTo(DISK.differingBytes()).isEqualTo(6 * RUN);
  }

  @Test
  void aDiskIsTheSameEachTimeAndHasNothingInCommonWithAnother() throws Exception {
    assertThat(DISK.firstDifference(copy())).isEmpty();
    assertThat(new LikeDisk(1, 4, 10).firstDifference(copy())).hasValue(0);
    byte[] once = base();
    assertThat(base()).isEqualTo(once);
  }

  @Test
  void nobodyMakesLessOfADiskByCompression() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(packed)) {
      out.write(base());
    }
    assertThat(packed.size()).isGreaterThan((int) (0.99 * (4 << 20)));
  }

  @Test
  void whatArrivedWrongShortLongOrNotAtAllIsNoticed() throws Exception {
    Path image = copy();
    byte[] bytes = Files.readAllBytes(image);
    bytes[3 * RUN + 17]++;
    Files.write(image, bytes);
    assertThat(DISK.firstDifference(image)).hasValue(3 * RUN + 17);
    bytes[3 * RUN + 17]--;
    Files.write(image, Arrays.copyOf(bytes, bytes.length - 1));
    assertThat(DISK.firstDifference(image)).hasValue(bytes.length - 1);
    Files.write(image, Arrays.copyOf(bytes, bytes.length + 1));
    assertThat(DISK.firstDifference(image)).hasValue(bytes.length);
    Files.delete(image);
    assertThatThrownBy(() -> DISK.firstDifference(image)).isInstanceOf(ProblemException.class);
  }

  @Test
  void aDiskThatCannotBeWrittenIsSaidSo() {
    assertThatThrownBy(() -> DISK.writeBase(folder.resolve("nowhere/base.img")))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refusal ->
                assertThat(refusal.problem().toString()).contains("nowhere/base.img", "4 MiB"));
  }

  private static MirrorCourier.Job job(String text) {
    JsonNode jobs = JsonMapper.builder().build().readTree(text);
    return MirrorCourier.Job.of(jobs);
  }

  @Test
  void aMirrorHasEndedWellOnlyWithNothingLeftOver() {
    String form =
        "[{\"id\":\"other\",\"status\":\"running\"},{\"id\":\"mirror0\",\"type\":\"mirror\","
            + "\"status\":\"%s\",\"current-progress\":%d,\"total-progress\":8%s}]";
    assertThat(job(form.formatted("running", 4, "")))
        .matches(job -> !job.ready() && !job.ended() && !job.whole());
    assertThat(job(form.formatted("ready", 8, ""))).matches(job -> job.ready() && !job.ended());
    assertThat(job(form.formatted("concluded", 8, "")))
        .matches(job -> job.ended() && job.whole() && !job.ready());
    assertThat(job(form.formatted("concluded", 7, ""))).matches(job -> !job.whole());
    assertThat(job(form.formatted("concluded", 8, ",\"error\":\"Input/output error\"")))
        .matches(job -> job.ended() && !job.whole());
    assertThat(job("[]")).matches(job -> job.ended() && !job.whole());
  }

  private static QemuTransfer transfer(String text) {
    return QemuTransfer.of(JsonMapper.builder().build().readTree(text));
  }

  @Test
  void aTransferThatEndedOtherThanWantedSaysWhatQemuSays() {
    assertThat(transfer("{}")).matches(transfer -> !transfer.over());
    assertThat(transfer("{\"status\":\"active\",\"ram\":{\"dirty-sync-count\":3}}"))
        .matches(transfer -> !transfer.over() && transfer.passes() == 3);
    QemuTransfer failed = transfer("{\"status\":\"failed\",\"error-desc\":\"no such file\"}");
    assertThat(failed.over()).isTrue();
    assertThatThrownBy(() -> failed.require(QemuTransfer.COMPLETED))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refusal ->
                assertThat(refusal.problem().message())
                    .contains("completed", "failed", "no such file"));
    transfer("{\"status\":\"completed\"}").require(QemuTransfer.COMPLETED);
  }

  @Test
  void aGuestMayStandStillForLongerWherePreCopyDoesNotEnd() {
    assertThat(MirrorCourier.standstillMillis(0)).isEqualTo(300);
    assertThat(MirrorCourier.standstillMillis(19)).isEqualTo(300);
    assertThat(MirrorCourier.standstillMillis(20)).isEqualTo(600);
    assertThat(MirrorCourier.standstillMillis(45)).isEqualTo(1200);
    // QEMU takes 2000 s at most.
    assertThat(MirrorCourier.standstillMillis(1_000_000)).isLessThan(2_000_000);
  }

  @Test
  void ofDroversMoveOnlyWhatIsKnownIsCounted() {
    assertThat(
            AgentCourier.values(MeasuringTest.view("ended", Optional.of("completed"), 1)).keySet())
        .containsExactlyInAnyOrder(Measure.TOTAL, Measure.DOWNTIME);
  }

  @Test
  void carriersAreFoundByTheNamesOfTheirColumns() {
    for (Carrier carrier : Carrier.values()) {
      assertThat(Carrier.of(carrier.contender())).isEqualTo(carrier);
    }
    assertThat(Carrier.AGENTS.key().against()).contains(Carrier.MIRROR.contender());
  }
}
