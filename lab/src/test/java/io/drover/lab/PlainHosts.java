package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.HostView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Moves guests with QEMU's own means and nothing of Drover's agents: lets the lab's measuring be
 * tested by itself. Each host is the control of the node with that name.
 */
final class PlainHosts {
  private static final String PORT = "4444";
  private final Lab lab;
  private final Map<String, GuestSpec> specs = new HashMap<>();
  private final Map<String, PlainHost> hosts = new HashMap<>();

  PlainHosts(Lab lab) {
    this.lab = lab;
  }

  HostControl.Factory factory() {
    // .../LAB/HOST/run/drover/agent.sock
    return socket ->
        hosts.computeIfAbsent(socket.getName(socket.getNameCount() - 4).toString(), PlainHost::new);
  }

  private void startQemu(String host, GuestSpec spec, List<String> more) {
    Node node = lab.node(host);
    node.run("mkdir", "-p", "/run/serial");
    List<String> command =
        new ArrayList<>(
            List.of(
                "qemu-system-x86_64",
                "-accel",
                "tcg",
                "-m",
                spec.memory(),
                "-nodefaults",
                "-display",
                "none",
                "-kernel",
                spec.kernel().orElseThrow(),
                "-initrd",
                spec.initrd().orElseThrow(),
                "-append",
                spec.commandLine().orElseThrow(),
                "-serial",
                "file:" + spec.serialLog().orElseThrow(),
                "-monitor",
                "unix:/run/" + spec.name() + ".mon,server,nowait",
                "-netdev",
                "tap,id=n0,ifname=tap0,script=no,downscript=no",
                "-device",
                "virtio-net-pci,netdev=n0,romfile=,mac="
                    + spec.networkCards().orElseThrow().getFirst().mac().orElseThrow()));
    command.addAll(more);
    node.spawn(lab.record().name(), lab.folder().resolve(host).resolve("qemu.log"), command);
    monitor(host, spec.name(), "info status");
    node.ip("link set tap0 master br0 up");
  }

  private String monitor(String host, String guest, String command) {
    Path socket = lab.runFolder(host).resolve(guest + ".mon");
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (true) {
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        channel.connect(UnixDomainSocketAddress.of(socket));
        channel.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.US_ASCII)));
        StringBuilder answer = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocate(65536);
        while (answer.toString().split("\\(qemu\\)", -1).length < 3 && channel.read(buffer) > 0) {
          answer.append(
              new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII));
          buffer.clear();
        }
        return answer.toString();
      } catch (IOException notYet) {
        if (System.nanoTime() > deadline) {
          throw new UncheckedIOException(notYet);
        }
        Thread.onSpinWait();
      }
    }
  }

  private final class PlainHost implements HostControl {
    private final String name;
    private Optional<MigrationRequest> moving = Optional.empty();
    private long startedNanos;

    PlainHost(String name) {
      this.name = name;
    }

    @Override
    public GuestView startGuest(GuestSpec spec) {
      specs.put(spec.name(), spec);
      startQemu(name, spec, List.of());
      return new GuestView(
          spec.name(),
          "",
          "running",
          0,
          1,
          "",
          "",
          List.of(),
          Optional.empty(),
          0,
          Optional.empty());
    }

    @Override
    public MigrationView migrate(MigrationRequest request) {
      GuestSpec spec = java.util.Objects.requireNonNull(specs.get(request.guest()));
      String address =
          "tcp:" + AddressPlan.host(lab.node(request.to()).record().index()) + ":" + PORT;
      startQemu(request.to(), spec, List.of("-incoming", address));
      monitor(name, request.guest(), "migrate_set_parameter max-bandwidth 10G");
      moving = Optional.of(request);
      startedNanos = System.nanoTime();
      monitor(name, request.guest(), "migrate -d " + address);
      return migration("m0000000000");
    }

    @Override
    public MigrationView migration(String id) {
      MigrationRequest request = moving.orElseThrow();
      String text = monitor(name, request.guest(), "info migrate");
      Optional<String> outcome = Optional.empty();
      if (text.contains("completed")) {
        outcome = Optional.of("completed");
      } else if (text.contains("failed")) {
        outcome = Optional.of("aborted");
      }
      if (outcome.isPresent()) {
        monitor(name, request.guest(), "quit");
      }
      return new MigrationView(
          id,
          request.guest(),
          "source",
          name,
          request.to(),
          "precopy",
          "precopy",
          "as asked",
          "native",
          outcome.isPresent() ? "ended" : "copy",
          outcome,
          Optional.empty(),
          0,
          (System.nanoTime() - startedNanos) / 1e9,
          0.5,
          Optional.empty(),
          0,
          0,
          kibibytes(text, "transferred ram"),
          0,
          0,
          1,
          Optional.empty(),
          300,
          outcome.map(_ -> (double) number(text, "downtime")),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          0,
          0,
          List.of(),
          List.of(),
          List.of());
    }

    private static long kibibytes(String text, String label) {
      return number(text, label) * 1024;
    }

    private static long number(String text, String label) {
      Matcher matcher = Pattern.compile(label + ": ([0-9]+)").matcher(text);
      return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }

    @Override
    public HostView host() {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<GuestView> guests() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void killGuest(String guest) {
      monitor(name, guest, "quit");
    }

    @Override
    public MigrationView cancelMigration(String id) {
      throw new UnsupportedOperationException();
    }
  }
}
