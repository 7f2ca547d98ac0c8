package io.drover.lab;

import io.drover.report.ContenderKey;
import java.util.List;
import java.util.Optional;

/** What takes a whole guest, memory and disk, to another host. */
enum Carrier {
  /** Drover's agents, as they are when nobody asks for anything. */
  AGENTS(ModesExperiment.AUTO),
  /** QEMU's own mirror for the disk, then its pre-copy, over plain TCP, as a script orders it. */
  MIRROR("stock mirror"),
  /** The disk is copied while the guest runs, then once more, and memory, while it is frozen. */
  RSYNC("rsync, frozen", "sshd", "ssh", "ssh-keygen", "rsync"),
  /** The guest is frozen from the beginning. */
  SCP("scp, frozen", "sshd", "ssh", "ssh-keygen", "scp");

  private final String contender;

  /** In one word list, which unlike a list cannot change. */
  private final String programs;

  Carrier(String contender, String... programs) {
    this.contender = contender;
    this.programs = String.join(" ", programs);
  }

  static Carrier of(String contender) {
    for (Carrier carrier : values()) {
      if (carrier.contender.equals(contender)) {
        return carrier;
      }
    }
    throw new IllegalArgumentException("nothing carries as " + contender);
  }

  String contender() {
    return contender;
  }

  ContenderKey key() {
    return this == AGENTS
        ? ContenderKey.drover(contender, MIRROR.contender)
        : ContenderKey.stock(contender);
  }

  /** Why it cannot carry a guest on this machine; nothing when it can. */
  Optional<String> absence(StockPrograms machine) {
    return machine.absence(programs.isEmpty() ? List.of() : List.of(programs.split(" ", -1)));
  }
}
