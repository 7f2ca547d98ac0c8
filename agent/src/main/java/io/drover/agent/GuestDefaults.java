package io.drover.agent;

import io.drover.api.GuestSpec;
import io.drover.model.ByteSize;
import io.drover.model.DiskFormat;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestDisk;
import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.Owner;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Makes a whole guest definition of what a person wrote, with values that let the guest move. */
final class GuestDefaults {
  /**
   * The newest machine type that both QEMU 7.2 (Debian 12) and QEMU 10 (Debian 13) know, so that a
   * guest can move between them in both directions. An alias such as {@code pc} would name another
   * machine on each.
   */
  static final String MACHINE = "pc-i440fx-7.2";

  /**
   * A model with only what every x86-64 processor and QEMU's own emulation offer, so that a guest
   * can move between any two hosts. {@code host} and {@code max} change with the processor and with
   * QEMU's version; a fleet of like processors names its own model in the guest's definition.
   */
  static final String CPU = "qemu64";

  private GuestDefaults() {}

  static GuestDefinition complete(GuestSpec spec, RandomGenerator random) {
    List<GuestSpec.CardSpec> cards = spec.networkCards().orElse(List.of());
    return new GuestDefinition(
        new GuestName(spec.name()),
        spec.uuid().orElseGet(() -> randomUuid(random)),
        ByteSize.parse(spec.memory()),
        spec.vcpus().orElse(1),
        spec.machine().orElse(MACHINE),
        spec.cpu().orElse(CPU),
        spec.kernel(),
        spec.initrd(),
        spec.commandLine().orElse(""),
        cards.stream()
            .map(
                card ->
                    new NetworkCard(
                        card.mac().orElseGet(() -> randomMac(random)),
                        card.bridge(),
                        card.addresses().orElse(List.of()).stream().map(IpAddress::new).toList(),
                        card.dnsName()))
            .toList(),
        spec.disks().orElse(List.of()).stream()
            .map(disk -> new GuestDisk(disk.path(), DiskFormat.parse(disk.format()), disk.serial()))
            .toList(),
        spec.serialLog(),
        spec.owner().map(Owner::new));
  }

  /** Version 4, variant 1. */
  private static String randomUuid(RandomGenerator random) {
    long high = (random.nextLong() & 0xffff_ffff_ffff_0fffL) | 0x4000L;
    long low = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low).toString();
  }

  /** Below QEMU's own prefix. */
  private static String randomMac(RandomGenerator random) {
    byte[] tail = new byte[3];
    random.nextBytes(tail);
    return "52:54:00:" + HexFormat.ofDelimiter(":").formatHex(tail);
  }
}
