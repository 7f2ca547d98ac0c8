package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One guest's move between two directories that stand for hosts, through a relay. */
final class Move implements AutoCloseable {
  final EventLog sourceLog = new EventLog();
  final EventLog targetLog = new EventLog();
  final QemuSource source;
  final QemuTarget target;
  private final RealQemu real;
  private final QemuGuest guest;
  private final TransferSettings settings;
  private final List<RecordingRelay> relays = new ArrayList<>();
  private int attempt;

  Move(RealQemu real, QemuGuest guest, String to, TransferSettings settings) {
    this.real = real;
    this.guest = guest;
    this.settings = settings;
    source = new QemuSource(guest, real.program.accelerator());
    source.subscribe(sourceLog);
    target = real.launch(to, guest.definition(), settings, targetLog);
  }

  Move begin() throws IOException {
    return begin(Long.MAX_VALUE, (channel, bytes) -> {});
  }

  Move begin(long bytesPerSecond, RecordingRelay.Tap tap) throws IOException {
    source.configure(settings);
    source.startTransfer(path(bytesPerSecond, tap));
    return this;
  }

  TransferAddress path(long bytesPerSecond, RecordingRelay.Tap tap) throws IOException {
    Path incoming = real.socket();
    Path outgoing = real.socket();
    target.listen(new TransferAddress.UnixSocket(incoming), attempt++);
    relays.add(new RecordingRelay(outgoing, incoming, tap).limited(bytesPerSecond));
    return new TransferAddress.UnixSocket(outgoing);
  }

  void cut() throws IOException {
    for (RecordingRelay relay : relays) {
      relay.close();
    }
  }

  /** The relay of the newest attempt. */
  RecordingRelay relay() {
    return relays.getLast();
  }

  /** What happens after the commit point; ends with the guest here and the source gone. */
  QemuGuest finishPreCopy() {
    sourceLog.await(HypervisorEvent.TransferCompleted.class);
    targetLog.await(HypervisorEvent.TransferCompleted.class);
    assertThat(targetLog.has(HypervisorEvent.GuestResumed.class)).isFalse();
    target.run();
    targetLog.await(HypervisorEvent.GuestResumed.class);
    source.quit();
    return arrived();
  }

  QemuGuest finishPostCopy() {
    sourceLog.await(HypervisorEvent.TransferCompleted.class);
    targetLog.await(HypervisorEvent.TransferCompleted.class);
    source.quit();
    return arrived();
  }

  QemuGuest arrived() {
    assertThat(guest.isAlive()).isFalse();
    return target.guest().orElseThrow();
  }

  @Override
  public void close() throws IOException {
    cut();
  }
}
