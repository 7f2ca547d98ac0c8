package io.drover.agent;

import io.drover.migration.DirtyMemory;
import io.drover.migration.DiskMirror;
import io.drover.migration.DiskProgress;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.MemoryRange;
import io.drover.migration.SourceHypervisor;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferProgress;
import io.drover.migration.TransferSettings;
import io.drover.migration.TransferState;
import io.drover.model.GuestState;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A guest whose QEMU was found dead when its migration was taken up again. */
final class DeadSource implements SourceHypervisor {
  private static ProblemException dead() {
    return Problem.migration(
            "source-died", "The guest's QEMU ended while no agent ran", "Start the guest again.")
        .asException();
  }

  @Override
  public void subscribe(Consumer<HypervisorEvent> subscriber) {}

  @Override
  public GuestState guestState() {
    return GuestState.STOPPED;
  }

  @Override
  public void configure(TransferSettings settings) {
    throw dead();
  }

  @Override
  public void startTransfer(TransferAddress address) {
    throw dead();
  }

  @Override
  public void mirrorDisks(List<DiskMirror> mirrors) {
    throw dead();
  }

  @Override
  public void completeDisks() {
    throw dead();
  }

  @Override
  public void cancelDisks() {
    throw dead();
  }

  @Override
  public DiskProgress diskProgress() {
    return DiskProgress.NONE;
  }

  @Override
  public void continueSwitch() {
    throw dead();
  }

  @Override
  public void expectLink(long bytesPerSecond) {}

  @Override
  public void changeBandwidth(long bytesPerSecond) {
    throw dead();
  }

  @Override
  public void changeMaxDowntime(Duration maxDowntime) {
    throw dead();
  }

  @Override
  public void switchToPostCopy(Optional<Runnable> waker) {
    throw dead();
  }

  @Override
  public void releaseBulk() {
    throw dead();
  }

  @Override
  public void cancelTransfer() {
    throw dead();
  }

  @Override
  public void breakTransfer() {
    throw dead();
  }

  @Override
  public void resumeTransfer(TransferAddress address) {
    throw dead();
  }

  @Override
  public void stopGuest() {
    throw dead();
  }

  @Override
  public void continueGuest() {
    throw dead();
  }

  @Override
  public TransferState transferState() {
    return TransferState.GONE;
  }

  @Override
  public TransferProgress progress() {
    throw dead();
  }

  @Override
  public DirtyMemory measureDirtyMemory(Duration window) {
    throw dead();
  }

  @Override
  public Optional<DirtyMemory> measureWrites(Duration window) {
    throw dead();
  }

  @Override
  public List<MemoryRange> neededFirst() {
    throw dead();
  }

  @Override
  public void quit() {}
}
