package io.drover.model;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What it takes to start a guest, on any host.
 *
 * @param uuid the guest's identity; kept over moves
 * @param machine a versioned machine type such as {@code pc-i440fx-7.2}: aliases change between
 *     QEMU versions and would break a move
 * @param cpu the model the guest sees; must be there on every host it may move to
 * @param kernel a kernel to boot directly, with the same content on every host
 * @param disks in the order in which the guest finds them
 * @param serialLog a file on the host that receives the serial line
 * @param owner whom it belongs to; guests without one share what they have among themselves
 */
public record GuestDefinition(
    GuestName name,
    String uuid,
    ByteSize memory,
    int vcpus,
    String machine,
    String cpu,
    Optional<String> kernel,
    Optional<String> initrd,
    String commandLine,
    List<NetworkCard> networkCards,
    List<GuestDisk> disks,
    Optional<String> serialLog,
    Optional<Owner> owner) {

  public static final int MAX_VCPUS = 255;
  public static final int MAX_DISKS = 8;
  private static final Pattern UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  // Neither may hold a comma or '=': both go into QEMU's option syntax.
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_.+-]{1,64}");
  private static final Pattern CPU = Pattern.compile("[A-Za-z0-9_.,=+-]{1,256}");

  public GuestDefinition {
    networkCards = List.copyOf(networkCards);
    // A record that an earlier release wrote has none.
    disks = disks == null ? List.of() : List.copyOf(disks);
    require(UUID.matcher(uuid).matches(), "uuid", uuid, "a lower-case UUID");
    require(memory.mebibytes() >= 16, "memory", memory, "at least 16M");
    require(vcpus >= 1 && vcpus <= MAX_VCPUS, "vcpus", vcpus, "1 to " + MAX_VCPUS);
    require(WORD.matcher(machine).matches(), "machine", machine, "a versioned QEMU machine type");
    require(CPU.matcher(cpu).matches(), "cpu", cpu, "a QEMU CPU model");
    kernel.ifPresent(path -> checkPath("kernel", path));
    initrd.ifPresent(path -> checkPath("initrd", path));
    serialLog.ifPresent(path -> checkPath("serialLog", path));
    require(commandLine.length() <= 4096, "commandLine", "(too long)", "at most 4096 characters");
    require(networkCards.size() <= 16, "networkCards", networkCards.size(), "at most 16");
    require(disks.size() <= MAX_DISKS, "disks", disks.size(), "at most " + MAX_DISKS);
    long images = disks.stream().map(GuestDisk::path).distinct().count();
    require(images == disks.size(), "disks", "the same image twice", "each image once");
  }

  /** A guest without disks. */
  public GuestDefinition(
      GuestName name,
      String uuid,
      ByteSize memory,
      int vcpus,
      String machine,
      String cpu,
      Optional<String> kernel,
      Optional<String> initrd,
      String commandLine,
      List<NetworkCard> networkCards,
      Optional<String> serialLog,
      Optional<Owner> owner) {
    this(
        name,
        uuid,
        memory,
        vcpus,
        machine,
        cpu,
        kernel,
        initrd,
        commandLine,
        networkCards,
        List.of(),
        serialLog,
        owner);
  }

  private static void checkPath(String field, String path) {
    require(
        path.startsWith("/") && path.length() <= 4096 && path.indexOf('\0') < 0,
        field,
        path,
        "an absolute path");
  }

  private static void require(boolean holds, String field, Object value, String wanted) {
    if (!holds) {
      throw Problem.usage(
              "bad-guest-definition",
              "The guest definition's %s is '%s'".formatted(field, value),
              "Give " + wanted + ".")
          .asException();
    }
  }
}
