package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferState;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestState;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class MoveIT {
  private RealQemu real;
  private GuestDefinition definition;
  private final EventLog sourceLog = new EventLog();
  private final EventLog targetLog = new EventLog();

  @BeforeEach
  void start() throws Exception {
    real = new RealQemu();
    definition = MemoryWriter.guest("writer", MemoryWriter.image(real.directory, 2000));
  }

  @AfterEach
  void end() throws Exception {
    real.close();
  }

  @Test
  void movesARunningGuestByPreCopy() throws Exception {
    QemuGuest a = real.start("a", definition);
    assertThat(a.state()).isEqualTo(GuestState.RUNNING);
    QemuSource source = new QemuSource(a, real.program.accelerator());
    source.subscribe(sourceLog);
    QemuTarget target = real.launch("b", definition, RealQemu.precopy(), targetLog);
    Path incoming = real.socket();
    Path outgoing = real.socket();
    target.listen(new TransferAddress.UnixSocket(incoming), 0);
    try (RecordingRelay relay = new RecordingRelay(outgoing, incoming, (channel, bytes) -> {})) {
      source.configure(RealQemu.precopy());
      source.startTransfer(new TransferAddress.UnixSocket(outgoing));
      sourceLog.await(HypervisorEvent.TransferCompleted.class);
      targetLog.await(HypervisorEvent.TransferCompleted.class);
    }
    assertThat(target.guest().orElseThrow().state()).isEqualTo(GuestState.ARRIVING);
    assertThat(targetLog.has(HypervisorEvent.GuestResumed.class)).isFalse();
    assertThat(target.mayHaveRun()).isFalse();
    target.run();
    targetLog.await(HypervisorEvent.GuestResumed.class);
    assertThat(source.transferState()).isEqualTo(TransferState.COMPLETED);
    source.quit();
    assertThat(a.isAlive()).isFalse();
    QemuGuest b = target.guest().orElseThrow();
    assertThat(b.state()).isEqualTo(GuestState.RUNNING);
    int value = MemoryWriter.verify(b, real.directory);
    Thread.sleep(300);
    assertThat(MemoryWriter.verify(b, real.directory)).isNotEqualTo(value);
  }
}
