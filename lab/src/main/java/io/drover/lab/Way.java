package io.drover.lab;

import io.drover.model.Mode;
import io.drover.model.Transport;
import java.util.List;
import java.util.Optional;

/** A way in which a guest can move: who moves it, and what carries its memory. */
enum Way {
  TUNNEL(Mover.AGENTS, Transport.TUNNEL.word()),
  NATIVE(Mover.AGENTS, Transport.NATIVE.word()),
  NATIVE_TLS(Mover.AGENTS, Transport.NATIVE_TLS.word()),
  /** QEMU's own TCP connections, driven over its monitor alone. */
  PLAIN(Mover.QEMU, "plain"),
  /** As {@link #PLAIN}, but requested pages wait behind the others. */
  PLAIN_WITHOUT_PREEMPT(Mover.QEMU, "plain-without-preempt"),
  STUNNEL(Mover.QEMU, "stunnel", "stunnel4|stunnel"),
  SSH(Mover.QEMU, "ssh", "sshd", "ssh", "ssh-keygen"),
  LIBVIRT(Mover.LIBVIRT, "libvirt", "libvirtd", "virsh"),
  /** All bytes through libvirt's own connection, which is TLS. */
  LIBVIRT_TUNNELLED(Mover.LIBVIRT, "libvirt-tunnelled", "libvirtd", "virsh");

  /** Who starts and moves guests; each has guests of its own, on hosts of its own. */
  enum Mover {
    AGENTS,
    QEMU,
    LIBVIRT
  }

  private final Mover mover;
  private final String word;

  /** In one word list, which unlike a list cannot change. */
  private final String programs;

  Way(Mover mover, String word, String... programs) {
    this.mover = mover;
    this.word = word;
    this.programs = String.join(" ", programs);
  }

  static Way of(Transport transport) {
    return switch (transport) {
      case TUNNEL -> TUNNEL;
      case NATIVE -> NATIVE;
      case NATIVE_TLS -> NATIVE_TLS;
    };
  }

  static Way parse(String word) {
    for (Way way : values()) {
      if (way.word.equals(word)) {
        return way;
      }
    }
    throw new IllegalArgumentException("no way " + word);
  }

  Mover mover() {
    return mover;
  }

  /** As a migration request says it. */
  String word() {
    return word;
  }

  /** Why it cannot move a guest so, on this machine; nothing when it can. */
  Optional<String> absence(Mode mode, StockPrograms programs) {
    if (this == LIBVIRT_TUNNELLED && mode != Mode.PRECOPY) {
      return Optional.of("libvirt cannot use post-copy in its tunnelled mode");
    }
    return programs.absence(
        this.programs.isEmpty() ? List.of() : List.of(this.programs.split(" ", -1)));
  }
}
