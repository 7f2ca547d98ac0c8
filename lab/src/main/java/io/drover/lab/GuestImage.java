package io.drover.lab;

import io.drover.model.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A kernel and initial file systems that boot to a workload in about two seconds. */
record GuestImage(Path folder) {
  Path kernel() {
    return folder.resolve("vmlinuz");
  }

  /** The small file system, or the one that has the workload tools in it as well. */
  Path initrdFor(Workload workload) {
    return switch (workload) {
      case Workload.Stress _ -> withTools("stress");
      case Workload.StressNg _ -> withTools("stress-ng");
      case Workload.Idle _,
          Workload.Touched _,
          Workload.Probed _,
          Workload.Serving _,
          Workload.Verified _,
          Workload.Corrupted _,
          Workload.Worked _ ->
          folder.resolve("initrd.img");
    };
  }

  private Path withTools(String program) {
    Path initrd = folder.resolve("initrd-" + program + ".img");
    if (!Files.exists(initrd)) {
      throw Problem.host(
              "workload-missing",
              "The program %s is not in the guest image".formatted(program),
              "Install it with 'apt-get install %s'; the image is then built anew."
                  .formatted(program))
          .asException();
    }
    return initrd;
  }

  /** What a guest's clients run outside of it. */
  Path clientProgram() {
    return folder.resolve("netprobe");
  }

  /**
   * Quiet, on the serial line, and where it has only old addresses without the neighbour chatter
   * that would hide a silent guest.
   */
  String commandLine(Workload workload, List<String> addresses, List<String> gateways) {
    StringBuilder line =
        new StringBuilder(
            "console=ttyS0 quiet loglevel=4 nowatchdog no_timer_check panic=0 random.trust_cpu=on");
    if (addresses.stream().noneMatch(Machine::isV6)) {
      line.append(" ipv6.disable=1");
    }
    addresses.forEach(address -> line.append(" drover.ip=").append(address));
    gateways.forEach(gateway -> line.append(" drover.gateway=").append(gateway));
    return line.append(" drover.load=").append(workload.word()).toString();
  }
}
