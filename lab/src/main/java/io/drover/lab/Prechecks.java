package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Moves;
import io.drover.model.ByteSize;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.report.Absence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/** Whether what an experiment needs is there; asked before anything is begun. */
final class Prechecks {
  /** Page tables, QEMU itself and its devices, beside a guest's memory. */
  private static final double PAGE_OVERHEAD = 1.02;

  /** Two agents, the relays' buffers, the benchmark, and some air. */
  private static final long AROUND_MEBIBYTES = 1200;

  private static final long DISK_BYTES = 300L << 20;

  private Prechecks() {}

  /** What a case takes of the machine's memory at its most. */
  static long neededMebibytes(Experiment experiment, String caseName) {
    long guests = experiment.procedure().memoryMebibytes(caseName);
    return (long) (guests * PAGE_OVERHEAD) + AROUND_MEBIBYTES;
  }

  /** The most that any of these takes. */
  static long neededMebibytes(Experiment experiment, List<Piece> plan) {
    return plan.stream()
        .map(Piece::caseName)
        .distinct()
        .mapToLong(name -> neededMebibytes(experiment, name))
        .max()
        .orElse(AROUND_MEBIBYTES);
  }

  /** What of the plan cannot be measured on a machine with so much memory free. */
  static List<Absence> memory(Experiment experiment, List<Piece> plan, long availableMebibytes) {
    List<Absence> absences = new ArrayList<>();
    Set<List<String>> pairs = new LinkedHashSet<>();
    plan.forEach(piece -> pairs.add(List.of(piece.caseName(), piece.contender())));
    for (List<String> pair : pairs) {
      long needed = neededMebibytes(experiment, pair.getFirst());
      if (needed > availableMebibytes) {
        absences.add(
            new Absence(
                pair.getLast(),
                Optional.of(pair.getFirst()),
                "It needs %s of memory, and %s are available."
                    .formatted(
                        ByteSize.ofMebibytes(needed), ByteSize.ofMebibytes(availableMebibytes))));
      }
    }
    return absences;
  }

  /** What of the plan cannot be measured because hosts of a lab have no room for its files. */
  static List<Absence> room(Experiment experiment, List<Piece> plan, long freeMebibytes) {
    if (!(experiment.procedure() instanceof Relocations relocations)
        || relocations.fileMebibytes() <= freeMebibytes) {
      return List.of();
    }
    String reason =
        "Its images take %s in the folder of labs, %s, and %s are free there."
            .formatted(
                ByteSize.ofMebibytes(relocations.fileMebibytes()),
                LabRecord.ROOT,
                ByteSize.ofMebibytes(freeMebibytes));
    return absent(plan, _ -> Optional.of(reason));
  }

  /** Where labs are made, which need not be there yet. */
  static long freeMebibytes(Path folder) {
    Path there = folder.toAbsolutePath();
    for (Path up = there.getParent(); up != null && !Files.exists(there); up = up.getParent()) {
      there = up;
    }
    try {
      return Files.getFileStore(there).getUsableSpace() >> 20;
    } catch (IOException failure) {
      throw Problem.host(
              "no-lab-folder",
              "%s cannot be used (%s)".formatted(folder, failure.getMessage()),
              "Run as root.")
          .asException(failure);
    }
  }

  /** What of the plan cannot be measured because the guest image lacks its load. */
  static List<Absence> workloads(Experiment experiment, List<Piece> plan, GuestImage image) {
    List<Absence> absences = new ArrayList<>();
    for (Piece piece : plan) {
      for (Workload workload : experiment.procedure().workloads(piece.caseName())) {
        try {
          image.initrdFor(workload);
        } catch (ProblemException missing) {
          absences.add(
              new Absence(
                  piece.contender(),
                  Optional.of(piece.caseName()),
                  missing.problem().message() + ". " + missing.problem().remedy()));
        }
      }
    }
    return absences.stream().distinct().toList();
  }

  /** What of the plan needs a program that this machine does not have, or cannot be done at all. */
  static List<Absence> ways(Experiment experiment, List<Piece> plan, StockPrograms programs) {
    return switch (experiment.procedure()) {
      case Moves moves -> ways(moves, plan, programs);
      case Experiment.Reach _ -> {
        Optional<String> missing = NameServers.missing(TopologyFile.wan(), programs);
        yield absent(plan, _ -> missing);
      }
      case Relocations _ -> absent(plan, piece -> Carrier.of(piece.contender()).absence(programs));
      case Experiment.Trips _, Experiment.ClientCommand _, Experiment.ManyMoves _ -> List.of();
    };
  }

  private static List<Absence> absent(List<Piece> plan, Function<Piece, Optional<String>> reason) {
    return plan.stream()
        .flatMap(
            piece ->
                reason
                    .apply(piece)
                    .map(why -> new Absence(piece.contender(), Optional.of(piece.caseName()), why))
                    .stream())
        .distinct()
        .toList();
  }

  private static List<Absence> ways(Moves moves, List<Piece> plan, StockPrograms programs) {
    List<Absence> absences = new ArrayList<>();
    for (Piece piece : plan) {
      Contender contender = Sites.contender(moves, piece);
      for (Case one : moves.guests()) {
        if (one.name().equals(piece.caseName())) {
          contender
              .way()
              .absence(contender.modeIn(one), programs)
              .ifPresent(
                  reason ->
                      absences.add(new Absence(contender.name(), Optional.of(one.name()), reason)));
        }
      }
    }
    return absences.stream().distinct().toList();
  }

  static List<Piece> without(List<Piece> plan, List<Absence> absences) {
    return plan.stream()
        .filter(piece -> absences.stream().noneMatch(absence -> concerns(absence, piece)))
        .toList();
  }

  private static boolean concerns(Absence absence, Piece piece) {
    return absence.contender().equals(piece.contender())
        && absence.caseName().map(piece.caseName()::equals).orElse(true);
  }

  /** Once for each reason: what nobody can measure on this machine. */
  static void tell(List<Absence> absences, Consumer<String> line) {
    Set<String> reasons = new LinkedHashSet<>();
    absences.forEach(absence -> reasons.add(absence.reason()));
    for (String reason : reasons) {
      List<Absence> same =
          absences.stream().filter(absence -> absence.reason().equals(reason)).toList();
      Set<String> where = new LinkedHashSet<>();
      same.forEach(absence -> where.add(absence.caseName().orElse(absence.contender())));
      line.accept("  ! not measured here: %s: %s".formatted(String.join("; ", where), reason));
    }
  }

  static void requireDisk(Path folder) {
    try {
      Files.createDirectories(folder);
      long free = Files.getFileStore(folder).getUsableSpace();
      if (free < DISK_BYTES) {
        throw Problem.full(
                "disk-full",
                "%s has %s free, and samples, pictures and the guest image take up to %s"
                    .formatted(folder, new ByteSize(free), new ByteSize(DISK_BYTES)),
                "Make room there, or choose another folder with --out.")
            .asException();
      }
    } catch (IOException failure) {
      throw Problem.host(
              "results-unwritable",
              "%s cannot be written (%s)".formatted(folder, failure.getMessage()),
              "Choose another folder with --out.")
          .asException(failure);
    }
  }

  /** What the kernel would give without swapping. */
  static long availableMebibytes() {
    String field = BenchEnvironment.field("/proc/meminfo", "MemAvailable");
    return Long.parseLong(field.split(" ", -1)[0]) / 1024;
  }
}
