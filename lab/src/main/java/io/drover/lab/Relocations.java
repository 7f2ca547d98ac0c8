package io.drover.lab;

import io.drover.report.CaseKey;
import io.drover.report.ContenderKey;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest with a disk goes to a host that shares no storage with its own: for each run a new guest
 * in a new lab, there and not back. What the disk was made from lies at the target, for whoever can
 * make use of it.
 */
record Relocations(LikeDisk disk, List<Relocation> relocations, List<Carrier> carriers)
    implements Experiment.Procedure {
  static final Workload WORKLOAD = new Workload.Serving();
  static final DiskFile DISK = new DiskFile("whole.img");
  static final String FROM = "alpha";
  static final String TO = "beta";

  /** Of the disk, of its base, and of the copy at the target. */
  private static final int IMAGES = 3;

  Relocations {
    relocations = List.copyOf(relocations);
    carriers = List.copyOf(carriers);
  }

  /** One link between the two hosts. */
  record Relocation(String name, LinkShape shape) {}

  Relocation relocation(String caseName) {
    return relocations.stream()
        .filter(each -> each.name().equals(caseName))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public List<CaseKey> cases() {
    return relocations.stream().map(each -> CaseKey.of(each.name())).toList();
  }

  @Override
  public List<ContenderKey> contenders() {
    return carriers.stream().map(Carrier::key).toList();
  }

  @Override
  public List<Piece> plan(int runs) {
    List<Piece> pieces = new ArrayList<>();
    for (Relocation relocation : relocations) {
      for (int run = 1; run <= runs; run++) {
        for (Carrier carrier : run % 2 == 1 ? carriers : carriers.reversed()) {
          pieces.add(
              new Piece(
                  relocation.name(),
                  carrier.contender(),
                  run,
                  Estimates.relocationSeconds(disk, relocation.shape(), carrier)));
        }
      }
    }
    return pieces;
  }

  /** Where {@code /run} lies in memory the images do, too. */
  @Override
  public long memoryMebibytes(String caseName) {
    return 2 * memory() + (long) IMAGES * disk.mebibytes();
  }

  /** The images, and on each host the memory of a guest that was frozen. */
  long fileMebibytes() {
    return (long) IMAGES * disk.mebibytes() + 2 * memory();
  }

  private static long memory() {
    return LabGuest.memoryFor(WORKLOAD).mebibytes();
  }

  @Override
  public List<Workload> workloads(String caseName) {
    return List.of(WORKLOAD);
  }
}
