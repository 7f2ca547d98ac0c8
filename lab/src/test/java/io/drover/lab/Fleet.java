package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.ApiClient;
import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.StopManner;
import io.drover.api.StoreOrder;
import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A lab with real agents, and what acceptance tests ask and demand of it. */
final class Fleet implements AutoCloseable {
  static final String ALPHA = "alpha";
  static final String BETA = "beta";
  static final LinkShape GIGABIT = LinkShape.ofRate(ByteRate.parse("1gbit"));
  private static final LabStore STORE = LabStore.ofMachine();
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern BYTES_SENT = Pattern.compile("bytes_sent:(\\d+)");
  private static final long MOST_RESIDENT_KIBIBYTES = 700L << 10;

  private final Lab lab;
  private final LabAgents agents;
  private final GuestImage image;
  private final List<Traveller> travellers = new ArrayList<>();
  private int guests;

  private Fleet(Lab lab, GuestImage image) {
    this.lab = lab;
    this.agents = new LabAgents(lab);
    this.image = image;
  }

  static Fleet up(String name) {
    return up(name, GIGABIT);
  }

  static Fleet up(String name, LinkShape shape) {
    Capabilities.require(
        "unshare", "ip", "tc", "ping", "ss", "qemu-system-x86_64", "gcc", "busybox");
    STORE.read(name).ifPresent(record -> Leftovers.remove(STORE, record));
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
    return new Fleet(Lab.up(STORE, LabPlan.of(new LabName(name), shape), _ -> {}), image);
  }

  Lab lab() {
    return lab;
  }

  LabAgents agents() {
    return agents;
  }

  GuestImage image() {
    return image;
  }

  ApiClient agent(String host) {
    return ApiClient.local(LabAgents.socket(lab, host));
  }

  static String other(String host) {
    return host.equals(ALPHA) ? BETA : ALPHA;
  }

  // ---- guests ----

  /** A guest of 192 MiB, of which a load knows every byte of 48. */
  Traveller boot(String host) {
    return boot(host, new Workload.Verified(48, 20), 192, 1, "");
  }

  /** An idle guest that boots from a file of its host's. */
  Traveller boot(String host, String initrd) {
    return boot(host, new Workload.Idle(), 160, 1, "", Optional.of(initrd));
  }

  Traveller boot(
      String host, Workload workload, int memoryMebibytes, int vcpus, String commandLine) {
    return boot(host, workload, memoryMebibytes, vcpus, commandLine, Optional.empty());
  }

  /** A guest that shares what hosts hold with others of its owner. */
  Traveller boot(String host, String owner, Workload workload, int memoryMebibytes) {
    return boot(
        host, workload, memoryMebibytes, 1, "", Optional.empty(), List.of(), Optional.of(owner));
  }

  /** Puts an image into a host's store, for everybody. */
  void index(String host, String path) {
    String id =
        agent(host)
            .orderStore(
                new StoreOrder(
                    "index",
                    Optional.of(path),
                    Optional.empty(),
                    Optional.of("public"),
                    Optional.empty()))
            .id();
    until(path + " is indexed", () -> agent(host).storeJob(id).done());
    assertThat(agent(host).storeJob(id).problem()).isEmpty();
  }

  /**
   * A guest of 160 MiB that verifies what it writes to its disks.
   *
   * @param load MB of each disk, and MB a second, as the guest's init script reads it
   */
  Traveller boot(String host, List<GuestSpec.DiskSpec> disks, String load) {
    return boot(
        host,
        new Workload.Verified(24, 5),
        160,
        1,
        load.isEmpty() ? "" : "drover.disk=" + load,
        Optional.empty(),
        disks);
  }

  private Traveller boot(
      String host,
      Workload workload,
      int memoryMebibytes,
      int vcpus,
      String commandLine,
      Optional<String> initrd) {
    return boot(host, workload, memoryMebibytes, vcpus, commandLine, initrd, List.of());
  }

  private Traveller boot(
      String host,
      Workload workload,
      int memoryMebibytes,
      int vcpus,
      String commandLine,
      Optional<String> initrd,
      List<GuestSpec.DiskSpec> disks) {
    // Of an owner of its own: what a test finds, it left there itself.
    return boot(
        host,
        workload,
        memoryMebibytes,
        vcpus,
        commandLine,
        initrd,
        disks,
        Optional.of("o" + guests));
  }

  private Traveller boot(
      String host,
      Workload workload,
      int memoryMebibytes,
      int vcpus,
      String commandLine,
      Optional<String> initrd,
      List<GuestSpec.DiskSpec> disks,
      Optional<String> owner) {
    LabGuest guest =
        new LabGuest(
            lab, image, "t" + guests, guests, workload, ByteSize.ofMebibytes(memoryMebibytes));
    guests++;
    GuestSpec plain = guest.spec();
    GuestSpec spec =
        new GuestSpec(
            plain.name(),
            plain.uuid(),
            plain.memory(),
            Optional.of(vcpus),
            plain.machine(),
            plain.cpu(),
            plain.kernel(),
            initrd.or(plain::initrd),
            plain.commandLine().map(line -> (line + " " + commandLine).strip()),
            plain.networkCards(),
            Optional.of(disks),
            plain.serialLog(),
            owner);
    Traveller traveller = new Traveller(this, guest, spec, host);
    travellers.add(traveller);
    GuestView _ = agent(host).startGuest(spec);
    guest.awaitLoaded(host);
    return traveller;
  }

  // ---- migrations ----

  static MigrationRequest request(String guest, String to, String mode) {
    return MigrationRequest.of(guest, to).withMode(mode);
  }

  static MigrationRequest limited(String guest, String to, String mode, long bytesPerSecond) {
    return MigrationRequest.of(guest, to).withMode(mode).withBandwidth(bytesPerSecond);
  }

  MigrationView awaitEnd(String host, String id) {
    return await(host, id, "end", view -> view.outcome().isPresent());
  }

  MigrationView awaitPhase(String host, String id, String phase) {
    return await(
        host,
        id,
        "reach " + phase,
        view -> view.phase().equals(phase) || view.outcome().isPresent());
  }

  /** Waits until so many bytes crossed, whatever phase it is in. */
  MigrationView awaitSent(String host, String id, long bytes) {
    return await(
        host, id, "send " + bytes, view -> view.bytesSent() >= bytes || view.outcome().isPresent());
  }

  MigrationView await(String host, String id, String what, Predicate<MigrationView> condition) {
    Optional<MigrationView> last = Optional.empty();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      MigrationView view = agent(host).migration(id);
      if (condition.test(view)) {
        return view;
      }
      last = Optional.of(view);
      pause(20);
    }
    throw new AssertionError(
        "migration %s did not %s on %s: %s%n%s".formatted(id, what, host, last, logs()));
  }

  void until(String what, Callable<Boolean> condition) {
    until(what, PATIENCE, condition);
  }

  void until(String what, Duration patience, Callable<Boolean> condition) {
    Optional<Exception> failure = Optional.empty();
    long deadline = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        if (condition.call()) {
          return;
        }
        failure = Optional.empty();
      } catch (Exception notYet) {
        failure = Optional.of(notYet);
      }
      pause(50);
    }
    throw new AssertionError("never: %s%n%s".formatted(what, logs()), failure.orElse(null));
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException interruption) {
      throw Programs.interrupted(interruption);
    }
  }

  // ---- breaking things ----

  void killAgent(String host) {
    ProcessIdentity process = agents.process(host).orElseThrow();
    agents.kill(host);
    until("the agent of " + host + " died", () -> !process.alive());
  }

  void startAgent(String host) {
    agents.start(host);
    agents.await(host);
  }

  static void signal(ProcessIdentity process, String name) {
    assertThat(process.alive()).isTrue();
    String _ = Programs.run(List.of("kill", "-" + name, Long.toString(process.pid())));
  }

  /** Resets the connection of one channel at one host's kernel, and leaves the others alone. */
  void resetChannel(String source, String id, String channel, String at) {
    until(
        channel + " is in use",
        () ->
            newestChannels(source, id).stream()
                    .anyMatch(one -> one.channel().equals(channel) && one.sentBytes() > 200_000)
                // What the agent shows may be of an attempt that has just ended.
                && connections().size() > newestChannels(source, id).size());
    // The kernel does not know which is which, but counts their bytes as the agent does.
    List<String> channels =
        newestChannels(source, id).stream()
            .sorted(Comparator.comparingLong(MigrationView.ChannelBytes::sentBytes).reversed())
            .map(MigrationView.ChannelBytes::channel)
            .toList();
    List<Connection> connections = connections();
    assertThat(connections).hasSizeGreaterThan(channels.size());
    Connection chosen = connections.get(channels.indexOf(channel));
    assertThat(resetPort(chosen.port(), at.equals(ALPHA)))
        .as("ss -K works on this kernel")
        .contains(chosen.port());
  }

  /** Resets the connection from this port of alpha's to beta, and says what ss says of it. */
  String resetPort(String port, boolean atAlpha) {
    return atAlpha
        ? lab.node(ALPHA).run("ss", "-KHtn", "sport", "=", ":" + port)
        : lab.node(BETA).run("ss", "-KHtn", "dport", "=", ":" + port);
  }

  /** The ports of alpha's from which there are connections to beta. */
  Set<String> openPorts() {
    return connections().stream().map(Connection::port).collect(Collectors.toSet());
  }

  private List<MigrationView.ChannelBytes> newestChannels(String source, String id) {
    List<MigrationView.ChannelBytes> all = agent(source).migration(id).channels();
    int newest = all.stream().mapToInt(MigrationView.ChannelBytes::attempt).max().orElse(-1);
    return all.stream().filter(one -> one.attempt() == newest).toList();
  }

  private record Connection(String port, long sent) {}

  /** From alpha to beta, the busiest first. */
  private List<Connection> connections() {
    List<Connection> found = new ArrayList<>();
    // A line for each connection, and a second one, set in, with its counters.
    List<String> lines =
        lab.node(ALPHA)
            .run("ss", "-Htni", "state", "established", "dst", AddressPlan.host(1))
            .lines()
            .toList();
    for (int i = 0; i + 1 < lines.size(); i += 2) {
      String local = lines.get(i).strip().split("\\s+", -1)[2];
      Matcher sent = BYTES_SENT.matcher(lines.get(i + 1));
      found.add(
          new Connection(
              local.substring(local.lastIndexOf(':') + 1),
              sent.find() ? Long.parseLong(sent.group(1)) : 0));
    }
    found.sort(Comparator.comparingLong(Connection::sent).reversed());
    return found;
  }

  List<ProcessIdentity> hypervisors(String host, String guest) {
    return lab.node(host).processes().stream()
        .filter(process -> commandLine(process.pid()).contains("guest=" + guest + ","))
        .toList();
  }

  List<ProcessIdentity> hypervisors(String host) {
    return lab.node(host).processes().stream()
        .filter(process -> Leftovers.command(process.pid()).startsWith("qemu-system"))
        .toList();
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1)
          .replace('\0', ' ');
    } catch (IOException gone) {
      return "";
    }
  }

  // ---- what has to hold ----

  /** Nothing of migrations under way is left, and hypervisors only of the guests that are there. */
  void assertNothingLeft() {
    for (NodeRecord host : lab.record().hosts()) {
      String name = host.name();
      until("all is settled on " + name, Duration.ofSeconds(30), () -> leftOn(name).isEmpty());
      assertThat(leftOn(name)).isEmpty();
      assertThat(residentKibibytes(agents.process(name).orElseThrow().pid()))
          .as("the agent's memory on %s", name)
          .isLessThan(MOST_RESIDENT_KIBIBYTES);
      assertThat(agentLog(name)).doesNotContain("OutOfMemory", "the driver failed");
    }
  }

  private List<String> leftOn(String host) {
    List<String> left = new ArrayList<>();
    List<GuestView> here = agent(host).guests();
    List<Long> hypervisors = hypervisors(host).stream().map(ProcessIdentity::pid).toList();
    if (hypervisors.size() != here.size()) {
      left.add("%d QEMU for the guests %s".formatted(hypervisors.size(), here));
    }
    here.stream()
        .filter(guest -> guest.migration().isPresent())
        .forEach(guest -> left.add("guest still in a migration: " + guest));
    String taps =
        lab.node(host).run("sh", "-c", "ls -d /sys/class/net/*/tun_flags 2>/dev/null || :");
    long cards = here.stream().mapToLong(guest -> guest.networkCards().size()).sum();
    if (taps.lines().count() != cards) {
      left.add("taps %s for %d cards".formatted(taps, cards));
    }
    for (Path file : list(lab.runFolder(host).resolve("drover/m"))) {
      left.add("run folder " + file);
    }
    agent(host).migrations().stream()
        .filter(view -> view.outcome().isEmpty())
        .forEach(view -> left.add("migration " + view));
    for (Path file : list(lab.runFolder(host).resolve("drover-state/migrations"))) {
      try {
        if (Files.readString(file).contains("\"lastWordOwed\":true")) {
          left.add("owed word in " + file);
        }
      } catch (IOException failure) {
        left.add("unreadable " + file);
      }
    }
    return left;
  }

  private static List<Path> list(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static long residentKibibytes(long pid) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  String agentLog(String host) {
    try {
      return Files.readString(agents.log(host));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private String logs() {
    StringBuilder text = new StringBuilder();
    for (NodeRecord host : lab.record().hosts()) {
      List<String> lines = agentLog(host.name()).lines().toList();
      text.append("---- ").append(host.name()).append('\n');
      lines
          .subList(Math.max(0, lines.size() - 40), lines.size())
          .forEach(line -> text.append(line).append('\n'));
      try {
        text.append("left: ").append(leftOn(host.name())).append('\n');
      } catch (RuntimeException silent) {
        text.append("no answer: ").append(silent.getMessage()).append('\n');
      }
    }
    return text.toString();
  }

  /** Brings everything back to two healthy hosts without guests, whatever a test left. */
  void reset() {
    for (NodeRecord host : lab.record().hosts()) {
      lab.heal(host.name());
      if (agents.process(host.name()).isEmpty()) {
        startAgent(host.name());
      }
    }
    for (Traveller traveller : travellers) {
      for (NodeRecord host : lab.record().hosts()) {
        if (agent(host.name()).guests().stream()
            .anyMatch(guest -> guest.name().equals(traveller.name()))) {
          agent(host.name()).stopGuest(traveller.name(), StopManner.FORCED);
        }
      }
    }
    travellers.clear();
    for (NodeRecord host : lab.record().hosts()) {
      until("no guest is on " + host.name(), () -> hypervisors(host.name()).isEmpty());
    }
  }

  @Override
  public void close() {
    LabRecord record = lab.record();
    lab.close();
    assertThat(Leftovers.find(STORE, record)).isEmpty();
  }
}
