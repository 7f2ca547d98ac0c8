package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Hosts with a libvirtd each, which move guests as {@code virsh migrate --live --p2p} does.
 *
 * <p>Threads: one at a time.
 */
final class LibvirtHosts {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Lab lab;
  private final StockPrograms programs;
  private final Map<String, Host> hosts = new HashMap<>();
  private int moves;

  LibvirtHosts(Lab lab, StockPrograms programs) {
    this.lab = lab;
    this.programs = programs;
    new LabAgents(lab).issueCertificates();
    new StockDaemons(lab, programs).startLibvirt();
    for (NodeRecord host : lab.record().hosts()) {
      lab.node(host.name()).run("mkdir", "-p", "/run/serial");
      // It looks at QEMU when it is first asked; that is no part of a move.
      Programs.run(virsh(host.name(), "domcapabilities"));
    }
  }

  HostControl.Factory factory() {
    return socket -> hosts.computeIfAbsent(StockHosts.hostOf(socket), Host::new);
  }

  private List<String> virsh(String host, String... words) {
    return lab.node(host).entering(programs.command("virsh", words));
  }

  static String domain(GuestSpec spec) {
    return """
    <domain type='%s'>
      <name>%s</name>
      <memory unit='MiB'>%s</memory>
      <vcpu>1</vcpu>
      <os>
        <type arch='x86_64' machine='%s'>hvm</type>
        <kernel>%s</kernel>
        <initrd>%s</initrd>
        <cmdline>%s</cmdline>
      </os>
      <features><acpi/></features>
      <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>%s</model></cpu>
      <devices>
        <emulator>%s</emulator>
        <controller type='usb' model='none'/>
        <serial type='file'><source path='%s' append='on'/></serial>
        <interface type='bridge'>
          <source bridge='%s'/>
          <mac address='%s'/>
          <model type='virtio'/>
          <driver name='qemu'/>
          <rom enabled='no'/>
        </interface>
        <memballoon model='none'/>
      </devices>
    </domain>
    """
        .formatted(
            StockQemu.accelerator().equals("kvm") ? "kvm" : "qemu",
            escaped(spec.name()),
            escaped(spec.memory().replace("M", "")),
            StockQemu.MACHINE,
            escaped(spec.kernel().orElseThrow()),
            escaped(spec.initrd().orElseThrow()),
            escaped(spec.commandLine().orElseThrow()),
            StockQemu.CPU,
            Programs.require("qemu-system-x86_64"),
            escaped(spec.serialLog().orElseThrow()),
            escaped(spec.networkCards().orElseThrow().getFirst().bridge()),
            spec.networkCards().orElseThrow().getFirst().mac().orElseThrow());
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  /** The words of {@code virsh} for a move. */
  static List<String> words(StockMove move, String target) {
    List<String> words = new ArrayList<>(List.of("migrate", "--live", "--p2p"));
    if (!move.mode().equals(Mode.PRECOPY.word())) {
      words.add("--postcopy");
    }
    if (move.way() == Way.LIBVIRT_TUNNELLED) {
      words.add("--tunnelled");
    } else {
      words.addAll(List.of("--migrateuri", "tcp://" + target));
    }
    words.addAll(List.of(move.request().guest(), "qemu+tls://%s/system".formatted(target)));
    return words;
  }

  private final class Host implements StockMove.Host {
    private final String name;
    private Optional<StockMove> current = Optional.empty();
    private CompletableFuture<StockMove> end = new CompletableFuture<>();

    Host(String name) {
      this.name = name;
    }

    @Override
    public GuestView startGuest(GuestSpec spec) {
      try {
        Files.writeString(lab.runFolder(name).resolve(spec.name() + ".xml"), domain(spec));
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
      Programs.run(virsh(name, "create", "/run/" + spec.name() + ".xml"));
      return StockMove.Host.started(spec);
    }

    @Override
    public MigrationView migrate(MigrationRequest request) {
      StockMove move = StockMove.started("l" + ++moves, name, request);
      current = Optional.of(move);
      String target = StockDaemons.address(lab.node(request.to()).record());
      ProcessBuilder builder =
          new ProcessBuilder(virsh(name, words(move, target).toArray(String[]::new)))
              .redirectErrorStream(true);
      builder.environment().put(Node.MARK, lab.record().name());
      Process process = Programs.start(builder);
      end = CompletableFuture.supplyAsync(() -> follow(move, process), Thread::startVirtualThread);
      if (!move.mode().equals(Mode.PRECOPY.word())) {
        Thread.startVirtualThread(() -> switchOver(request.guest(), process));
      }
      return move.view();
    }

    private static StockMove follow(StockMove move, Process virsh) {
      try (var in = virsh.getInputStream()) {
        String said = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        long ended = System.nanoTime();
        return virsh.waitFor() == 0 ? move.completed(ended) : move.failed(said);
      } catch (IOException failure) {
        return move.failed(String.valueOf(failure.getMessage()));
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }

    /** It can be asked for once the transfer is under way, not before. */
    private void switchOver(String guest, Process migrating) {
      while (migrating.isAlive()
          && !Programs.attempt(virsh(name, "migrate-postcopy", guest), "", PATIENCE).succeeded()) {
        try {
          Thread.sleep(20);
        } catch (InterruptedException ending) {
          return;
        }
      }
    }

    @Override
    public MigrationView migration(String id) {
      StockMove move = current.filter(one -> one.id().equals(id)).orElseThrow();
      return end.getNow(move).view();
    }

    @Override
    public void killGuest(String guest) {
      Programs.run(virsh(name, "destroy", guest));
    }
  }
}
