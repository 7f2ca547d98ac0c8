package io.drover.agent;

import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.NetworkCard;
import io.drover.model.Problem;
import io.drover.qemu.QemuProgram;
import io.drover.wire.PeerMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Whether a guest can live on this host; asked before anything moves. */
final class ArrivalChecks {
  /** What a host needs besides the guest's own memory: QEMU itself, its page tables, the relay. */
  private static final ByteSize MARGIN = ByteSize.ofMebibytes(128);

  private final QemuProgram qemu;
  private final FileDigests digests;
  private final Supplier<HostMemory> memory;
  private final BaseImages bases;

  ArrivalChecks(
      QemuProgram qemu, FileDigests digests, Supplier<HostMemory> memory, BaseImages bases) {
    this.qemu = qemu;
    this.digests = digests;
    this.memory = memory;
    this.bases = bases;
  }

  /** What was looked at; {@code --dry-run} shows all of it. */
  enum Check {
    NAME("the guest's name is free"),
    ROOM("there is room for another migration"),
    MEMORY("there is enough memory"),
    MACHINE("QEMU knows the guest's machine type"),
    CPU("QEMU can give the guest its CPU model"),
    ACCELERATOR("both hosts run guests the same way"),
    FILES("the files it boots from are the same"),
    BRIDGES("its network bridges are there"),
    DISKS("its disks are shared, or there is room for them"),
    POST_COPY("post-copy is possible");

    private final String sentence;

    Check(String sentence) {
      this.sentence = sentence;
    }

    String sentence() {
      return sentence;
    }

    /** The code of every problem this check can find. */
    String code() {
      return "target-" + name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    Problem problem(String message, String remedy) {
      return Problem.peer(code(), message, remedy);
    }
  }

  /**
   * What was found.
   *
   * @param problems each of them stops the migration
   * @param disks those that have to move
   * @param layers of those that are based on something
   */
  record Findings(
      List<Problem> problems,
      List<Problem> warnings,
      List<Integer> disks,
      List<PeerMessage.DiskLayers> layers,
      boolean postCopy) {}

  /**
   * Looks.
   *
   * @param promised memory that guests on their way here will need
   * @param taken why the name is not free, if it is not
   */
  Findings examine(PeerMessage.Prepare prepare, ByteSize promised, Optional<String> taken) {
    List<Problem> problems = new ArrayList<>();
    List<Problem> warnings = new ArrayList<>();
    GuestDefinition guest = prepare.guest();
    taken.ifPresent(
        reason ->
            problems.add(
                Check.NAME.problem(reason, "Stop or rename that guest, or choose another host.")));
    memory(guest, promised).ifPresent(problems::add);
    machine(guest).ifPresent(problems::add);
    cpu(guest).ifPresent(problems::add);
    accelerator(prepare).ifPresent(problems::add);
    for (PeerMessage.FileDigest file : prepare.files()) {
      file(file).ifPresent(problems::add);
    }
    for (NetworkCard card : guest.networkCards()) {
      bridge(card).ifPresent(problems::add);
    }
    DiskChecks.Findings disks = DiskChecks.examine(prepare, bases);
    problems.addAll(disks.problems());
    boolean postCopy = qemu.postCopyRefusal().isEmpty();
    if (prepare.postCopy() && !postCopy) {
      Problem impossible =
          Check.POST_COPY.problem(
              "The target cannot receive in post-copy: " + qemu.postCopyRefusal().orElse(""),
              "Run its agent as root, or set vm.unprivileged_userfaultfd=1, or use mode precopy.");
      switch (prepare.options().mode()) {
        case POSTCOPY, HYBRID -> problems.add(impossible);
        case AUTO -> warnings.add(impossible);
        case PRECOPY, COLD -> {}
      }
    }
    if (qemu.version().compareTo(prepare.hypervisorVersion()) < 0) {
      warnings.add(
          Problem.peer(
              "target-older-qemu",
              "The target's QEMU %s is older than the source's %s"
                  .formatted(qemu.version(), prepare.hypervisorVersion()),
              "It works when the machine type is known to both; moving back always does."));
    }
    return new Findings(
        problems, warnings, disks.moving(), disks.layers(), prepare.postCopy() && postCopy);
  }

  private Optional<Problem> memory(GuestDefinition guest, ByteSize promised) {
    ByteSize available = memory.get().available();
    long needed = guest.memory().bytes() + promised.bytes() + MARGIN.bytes();
    return available.bytes() >= needed
        ? Optional.empty()
        : Optional.of(
            Check.MEMORY.problem(
                "The target has %s of memory available and needs %s"
                    .formatted(available, new ByteSize(needed)),
                "Move something away from it first, or choose another host."));
  }

  private Optional<Problem> machine(GuestDefinition guest) {
    return qemu.machineRefusal(guest).map(refusal -> there(Check.MACHINE, refusal));
  }

  private Optional<Problem> cpu(GuestDefinition guest) {
    Optional<Problem> unknown = qemu.cpuRefusal(guest);
    if (unknown.isPresent()) {
      return unknown.map(refusal -> there(Check.CPU, refusal));
    }
    List<String> missing = qemu.missingFeatures(guest);
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Check.CPU.problem(
                "The target cannot give CPU model '%s' its features %s"
                    .formatted(QemuProgram.cpuModel(guest), missing),
                "Give the guest a model that all hosts can run."));
  }

  /** What this host says of itself, as a source reads it. */
  private static Problem there(Check check, Problem refusal) {
    return check.problem("The target's " + refusal.message(), refusal.remedy());
  }

  private Optional<Problem> accelerator(PeerMessage.Prepare prepare) {
    return qemu.accelerator().word().equals(prepare.accelerator())
        ? Optional.empty()
        : Optional.of(
            Check.ACCELERATOR.problem(
                "The source runs the guest with %s and the target would with %s"
                    .formatted(prepare.accelerator(), qemu.accelerator().word()),
                "Set 'accelerator' alike on both hosts."));
  }

  private Optional<Problem> file(PeerMessage.FileDigest file) {
    Optional<String> here = digests.of(Path.of(file.path()));
    if (here.isEmpty()) {
      return Optional.of(
          Check.FILES.problem(
              "The target has no readable file " + file.path(), "Copy it there first."));
    }
    return here.get().equals(file.sha256())
        ? Optional.empty()
        : Optional.of(
            Check.FILES.problem(
                "The target's file %s differs from the source's".formatted(file.path()),
                "Copy the source's there, under the same name."));
  }

  private static Optional<Problem> bridge(NetworkCard card) {
    return Files.isDirectory(Path.of("/sys/class/net", card.bridge(), "bridge"))
        ? Optional.empty()
        : Optional.of(
            Check.BRIDGES.problem(
                "The target has no bridge '%s'".formatted(card.bridge()),
                "Make it: 'ip link add %s type bridge'.".formatted(card.bridge())));
  }
}
