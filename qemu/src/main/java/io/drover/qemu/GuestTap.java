package io.drover.qemu;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A persistent tap device on a bridge: a guest's network card as the host sees it. It outlives the
 * agent, since the guest does.
 */
record GuestTap(String name) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,15}");
  private static final Path INTERFACES = Path.of("/sys/class/net");

  GuestTap {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("not an interface name: " + name);
    }
  }

  /** Creates the device (anew, if a crash left one), joins it to the bridge and brings it up. */
  void create(String bridge) {
    if (!Files.isDirectory(INTERFACES.resolve(bridge).resolve("bridge"))) {
      throw Problem.host(
              "no-bridge",
              "This host has no bridge named %s".formatted(bridge),
              "Create it ('ip link add %s type bridge && ip link set %s up') or name another in"
                      .formatted(bridge, bridge)
                  + " the guest's definition.")
          .asException();
    }
    delete();
    ip("tuntap", "add", "dev", name, "mode", "tap");
    try {
      // Without an address of its own the device adds no chatter to the guest's network.
      ip("link", "set", "dev", name, "addrgenmode", "none");
      ip("link", "set", "dev", name, "master", bridge, "up");
    } catch (RuntimeException e) {
      delete();
      throw e;
    }
  }

  /** Removes the device if it is there. */
  void delete() {
    if (exists()) {
      ip("link", "delete", "dev", name);
    }
  }

  boolean exists() {
    return Files.exists(INTERFACES.resolve(name));
  }

  private static void ip(String... arguments) {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw failed(command, said.strip()).asException();
      }
    } catch (IOException e) {
      throw failed(command, String.valueOf(e.getMessage())).asException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(command, "interrupted").asException(e);
    }
  }

  private static Problem failed(List<String> command, String said) {
    return Problem.host(
        "tap-device",
        "'%s' failed: %s".formatted(String.join(" ", command), said),
        "Run the agent as root with iproute2 installed and /dev/net/tun present.");
  }
}
