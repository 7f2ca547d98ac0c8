package io.drover.agent;

import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.Held;
import io.drover.model.Dedup;
import io.drover.model.Problem;
import io.drover.qemu.PracticeStream;
import io.drover.qemu.RecorderWarmup;
import io.drover.tunnel.Credentials;
import io.drover.tunnel.Relay;
import io.drover.tunnel.TunnelWarmup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/**
 * Practises at an agent's start what migrations do most, within this process: code that is compiled
 * during the first migration takes its time from the guest.
 */
final class Warmup {
  private static final int MEBIBYTES = 96;
  private static final int WINDOW = 8;

  private Warmup() {}

  static void run(Credentials own, Path folder) throws IOException {
    TunnelWarmup.run(own, folder);
    RecorderWarmup.run();
    byContent(own, folder);
  }

  private static void byContent(Credentials own, Path folder) throws IOException {
    Relay.Options source =
        Relay.Options.plain()
            .withCoding(
                (toPeer, toHypervisor, hypervisorEnd) ->
                    new SendingPages(
                        "warmup",
                        WINDOW,
                        Compression.ZSTD,
                        Optional.empty(),
                        new NamingWorth(Dedup.ON, Optional::empty, System::nanoTime),
                        Optional.empty(),
                        toPeer,
                        toHypervisor,
                        hypervisorEnd));
    Relay.Options target =
        Relay.Options.plain()
            .withCoding(
                (toPeer, toHypervisor, hypervisorEnd) ->
                    new ReceivingPages(Held.NOTHING, toPeer, toHypervisor, hypervisorEnd));
    try {
      TunnelWarmup.relay(own, folder, source, target, PracticeStream.ofMebibytes(MEBIBYTES));
    } catch (ExecutionException e) {
      throw Problem.bug("warmup", "The warm-up failed: " + e.getCause()).asException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
