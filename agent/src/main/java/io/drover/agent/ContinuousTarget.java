package io.drover.agent;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TargetHypervisor;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferSettings;
import io.drover.migration.TransferState;
import io.drover.network.ArrivingGuest;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hypervisor whose guest is reachable: its filter is in force once it is launched, its
 * connections are known before it runs, and the network hears of it when it does.
 *
 * @param report tells the source what has been done
 */
record ContinuousTarget(TargetHypervisor hypervisor, ArrivingGuest guest, Consumer<byte[]> report)
    implements TargetHypervisor {
  private static final Logger LOG = LoggerFactory.getLogger(ContinuousTarget.class);

  @Override
  public void subscribe(Consumer<HypervisorEvent> subscriber) {
    hypervisor.subscribe(subscriber);
  }

  @Override
  public void launch(TransferSettings settings) {
    hypervisor.launch(settings);
    try {
      // After the launch: a table may hook the tap devices, which are there only now.
      guest.prepare();
    } catch (RuntimeException e) {
      hypervisor.quit();
      throw e;
    }
  }

  @Override
  public TransferAddress listen(TransferAddress wanted, int attempt) {
    return hypervisor.listen(wanted, attempt);
  }

  @Override
  public void run() {
    try {
      guest.beforeRun();
      report.accept(guest.report());
    } catch (RuntimeException e) {
      // Nobody else runs it now.
      LOG.error("a guest runs though its network is not ready", e);
    }
    hypervisor.run();
  }

  @Override
  public void announce() {
    try {
      guest.runs();
    } catch (RuntimeException e) {
      LOG.error("a guest runs and the network does not hear of it", e);
    }
    hypervisor.announce();
  }

  @Override
  public void breakTransfer() {
    hypervisor.breakTransfer();
  }

  @Override
  public TransferState transferState() {
    return hypervisor.transferState();
  }

  @Override
  public boolean mayHaveRun() {
    return hypervisor.mayHaveRun();
  }

  @Override
  public void quit() {
    hypervisor.quit();
    // What has run here is this host's, and so is its filter.
    if (hypervisor.mayHaveRun()) {
      guest.ended();
    } else {
      guest.undo();
    }
  }
}
