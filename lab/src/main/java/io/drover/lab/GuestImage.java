package io.drover.lab;

import io.drover.model.Problem;
import java.nio.file.Files;
import java.nio.file.Path;

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

  /**
   * Quiet, on the serial line, and without the neighbour chatter that would hide a silent guest.
   */
  String commandLine(Workload workload, String address) {
    return "console=ttyS0 quiet loglevel=4 nowatchdog ipv6.disable=1 panic=0 random.trust_cpu=on"
        + " drover.ip="
        + address
        + " drover.load="
        + workload.word();
  }
}
