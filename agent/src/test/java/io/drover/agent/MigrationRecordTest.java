package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationView;
import io.drover.migration.Ending;
import io.drover.migration.TransferProgress;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.MigrationOptions;
import io.drover.model.Outcome;
import io.drover.model.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MigrationRecordTest {
  private long nanos;
  private long sent;

  private MigrationRecord record(MigrationRecord.Role role) {
    return new MigrationRecord(
        new MigrationRecord.Subject(
            new MigrationId("m0000000001"),
            new GuestName("web"),
            1L << 30,
            role,
            new HostName("alpha"),
            new HostName("beta")),
        MigrationOptions.defaults(),
        () -> nanos,
        1_000_000,
        () -> List.of(new MigrationView.ChannelBytes("main", 0, sent, sent)),
        Optional::empty,
        Optional::empty);
  }

  private void passes(MigrationRecord record, Duration time, long bytes) {
    for (int tenth = 0; tenth < 10; tenth++) {
      nanos += time.toNanos() / 10;
      sent += bytes / 10;
      record.progress(new TransferProgress(sent, 1L << 29, 1L << 30, 0, 0, 1, 0, 0, 0));
    }
  }

  @Test
  void foretellsAnEndOnlyWhileSomethingMoves() {
    MigrationRecord record = record(MigrationRecord.Role.SOURCE);
    record.phase(Phase.COPY);
    passes(record, Duration.ofSeconds(5), 500_000_000);
    assertThat(record.view().etaSeconds()).isPresent();
    assertThat(record.view().bytesPerSecond()).isPositive();
    passes(record, Duration.ofSeconds(10), 0);
    assertThat(record.view().etaSeconds()).isEmpty();
    assertThat(record.view().bytesPerSecond()).isZero();
    passes(record, Duration.ofSeconds(5), 500_000_000);
    assertThat(record.view().etaSeconds()).isPresent();
    record.phase(Phase.PAUSED);
    assertThat(record.view().etaSeconds()).isEmpty();
  }

  @Test
  void showsAtTheTargetHowTheGuestCame() {
    MigrationRecord record = record(MigrationRecord.Role.TARGET);
    assertThat(record.view().mode()).isEqualTo("auto");
    record.phase(Phase.SWITCHOVER);
    assertThat(record.view().mode()).isEqualTo("precopy");
    record.switched();
    assertThat(record.view().mode()).isEqualTo("postcopy");
  }

  @Test
  void goesOnWithWhatWasShownBeforeARestart() {
    MigrationView shown = Views.migration("m0000000001");
    MigrationRecord record = record(MigrationRecord.Role.SOURCE);
    record.continues(shown);
    record.phase(Phase.PAUSED);
    MigrationView view = record.view();
    assertThat(view.mode()).isEqualTo(shown.mode());
    assertThat(view.reason()).isEqualTo(shown.reason());
    assertThat(view.startedAtEpochMillis()).isEqualTo(shown.startedAtEpochMillis());
    assertThat(view.elapsedSeconds()).isEqualTo(1000);
    assertThat(view.phases())
        .extracting(MigrationView.PhaseTime::phase)
        .containsExactly("prepare", "copy", "paused");
  }

  @Test
  void leavesTheReportOfWhatHasEndedAsItWas() {
    MigrationView shown = Views.migration("m0000000001", "ended", 1, Optional.of("aborted"));
    MigrationRecord record = record(MigrationRecord.Role.SOURCE);
    record.continues(shown);
    assertThat(record.hasEnded()).isTrue();
    record.ended(new Ending(Outcome.ABORTED, Optional.empty()), () -> {});
    assertThat(record.view()).isEqualTo(shown);
  }
}
