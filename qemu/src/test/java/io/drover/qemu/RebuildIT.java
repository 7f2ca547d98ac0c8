package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferSettings;
import io.drover.model.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A target that dies with the device state, before the guest ran, is replaced by another. */
@Tag("real")
@org.junit.jupiter.api.Timeout(
    value = 10,
    threadMode = org.junit.jupiter.api.Timeout.ThreadMode.SEPARATE_THREAD)
class RebuildIT {
  private final RealQemu real;

  RebuildIT() throws Exception {
    real = new RealQemu();
  }

  @AfterEach
  void end() throws Exception {
    real.close();
  }

  @Test
  void rebuildsATargetFromTheReplay() throws Exception {
    rebuild(RealQemu.postcopy());
  }

  @Test
  void rebuildsATargetWithAnUrgentChannelFromTheReplay() throws Exception {
    rebuild(RealQemu.postcopyUrgent());
  }

  private void rebuild(TransferSettings settings) throws Exception {
    QemuGuest guest = MemoryWriter.start(real, "a", 20_000);
    StreamRecorder recorder = new StreamRecorder(_ -> {}, MemoryBudget.boundless());
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    try (Move move = new Move(real, guest, "b", settings)) {
      move.begin(
          10_000_000,
          (channel, bytes) -> {
            if (channel == 0) {
              recorder.forward(bytes, 0, bytes.length);
              stream.writeBytes(bytes);
            }
          });
      Thread.sleep(500);
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      // The relay is behind by what the sockets hold.
      for (int i = 0; i < 500 && !recorder.packagePassed(); i++) {
        Thread.sleep(20);
      }
      move.target.quit();
      move.cut();
      move.sourceLog.await(HypervisorEvent.PostCopyPaused.class);
      byte[] replay = recorder.replay().orElseThrow();
      assertThat(replay.length).isLessThan(100_000);
      assertThat(recorder.pageRecords()).isPositive();
      for (int piece : new int[] {1, 1 << 20}) {
        assertThat(StreamRecorderTest.feed(stream.toByteArray(), piece).replay()).hasValue(replay);
      }

      EventLog log = new EventLog();
      QemuTarget second = real.launch("c", guest.definition(), settings, log);
      Path incoming = real.socket();
      second.listen(new TransferAddress.UnixSocket(incoming), 0);
      UnixDomainSocketAddress address = UnixDomainSocketAddress.of(incoming);
      List<SocketChannel> urgent = new ArrayList<>();
      try (SocketChannel channel = SocketChannel.open(address)) {
        if (settings.urgentChannel()) {
          urgent.add(SocketChannel.open(address));
        }
        StreamReplay.play(
            replay, guest, Channels.newOutputStream(channel), Channels.newInputStream(channel));
      }
      for (SocketChannel channel : urgent) {
        channel.close();
      }
      log.await(HypervisorEvent.PostCopyPaused.class);
      Path again = real.socket();
      Path outgoing = real.socket();
      second.listen(new TransferAddress.UnixSocket(again), 1);
      RecordingRelay relay = new RecordingRelay(outgoing, again, (channel, bytes) -> {});
      move.source.resumeTransfer(new TransferAddress.UnixSocket(outgoing));
      move.sourceLog.await(HypervisorEvent.PostCopyRecovered.class);
      second.run();
      move.sourceLog.await(HypervisorEvent.TransferCompleted.class);
      log.await(HypervisorEvent.TransferCompleted.class);
      move.source.quit();
      relay.close();
      MemoryWriter.verifyRuns(second.guest().orElseThrow(), real.directory);
    }
  }
}
