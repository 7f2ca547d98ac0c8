package io.drover.agent;

import io.drover.api.CheckReport;
import io.drover.api.MigrationView;
import io.drover.migration.DirtyMemory;
import io.drover.migration.ModeChoice;
import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.ContinuityStep;
import io.drover.model.MigrationId;
import io.drover.model.MigrationOptions;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.network.Continuity;
import io.drover.network.LeavingGuest;
import io.drover.qemu.QemuGuest;
import io.drover.qemu.QemuProgram;
import io.drover.qemu.QemuSource;
import io.drover.tunnel.LinkSpeed;
import io.drover.tunnel.PortClient;
import io.drover.wire.PeerMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;

/** Every check that a migration makes, and the prediction, without the migration. */
final class DryRun {
  private static final Duration WINDOW = Duration.ofMillis(800);

  private final QemuProgram qemu;
  private final QemuGuest guest;
  private final Peers.Peer peer;
  private final MigrationOptions options;
  private final Optional<Problem> full;
  private final List<PeerMessage.FileDigest> files;
  private final List<PeerMessage.DiskImage> images;
  private final MigrationId id;
  private final PortClient client;
  private final Function<Peers.Peer, LinkSpeed> probe;
  private final Optional<LeavingGuest> leaving;
  private final List<CheckReport.Check> checks = new ArrayList<>();
  private final Map<String, ContinuityStep> planned = new ConcurrentSkipListMap<>();

  DryRun(
      QemuProgram qemu,
      QemuGuest guest,
      Peers.Peer peer,
      MigrationOptions options,
      Optional<Problem> full,
      List<PeerMessage.FileDigest> files,
      List<PeerMessage.DiskImage> images,
      MigrationId id,
      PortClient client,
      Function<Peers.Peer, LinkSpeed> probe,
      Continuity continuity) {
    this.qemu = qemu;
    this.guest = guest;
    this.peer = peer;
    this.options = options;
    this.full = full;
    this.files = files;
    this.images = images;
    this.id = id;
    this.client = client;
    this.probe = probe;
    this.leaving =
        guest.definition().networkCards().isEmpty()
            ? Optional.empty()
            : Optional.of(
                continuity.leaving(
                    guest.definition().name(),
                    peer.name(),
                    GuestPorts.of(guest.definition()),
                    step -> planned.put(step.name(), step)));
  }

  CheckReport run() {
    passed("guest", "it is " + guest.state().word() + " on this host");
    passed("permission", "this host may send guests to " + peer.name());
    full.ifPresentOrElse(
        problem -> failed("agent", problem),
        () -> passed("agent", "this host's agent has memory for another migration"));
    try {
      LinkSpeed link = probe.apply(peer);
      passed(
          "target",
          String.format(
              Locale.ROOT,
              "%s answers at %s:%d with a valid certificate; the link carries %s, round trip %.1f"
                  + " ms",
              peer.name(),
              peer.address(),
              peer.port(),
              link.rate(),
              link.roundTrip().toNanos() / 1e6));
      boolean postCopy = askTarget();
      return predicted(link, postCopy);
    } catch (ProblemException e) {
      failed("target", e.problem());
      return report(options.mode().word(), "", 0, 0);
    }
  }

  private CheckReport predicted(LinkSpeed link, boolean postCopy) {
    QemuSource source = new QemuSource(guest, qemu.accelerator());
    DirtyMemory used = source.measureDirtyMemory(WINDOW);
    ByteRate rate =
        options.bandwidth().filter(limit -> limit.compareTo(link.rate()) < 0).orElse(link.rate());
    ModeChoice.Terms terms =
        new ModeChoice.Terms(
            options.mode(),
            rate,
            options.maxDowntime(),
            postCopy ? ModeChoice.PostCopy.POSSIBLE : ModeChoice.PostCopy.IMPOSSIBLE);
    ModeChoice first = terms.choose(used);
    ModeChoice choice =
        terms.wantsToKnowWrites(first, used)
            ? source.measureWrites(WINDOW).map(written -> terms.choose(used, written)).orElse(first)
            : first;
    return report(
        choice.mode().word(),
        choice.sentence(),
        Double.isFinite(choice.seconds()) ? choice.seconds() : -1,
        choice.downtimeMillis());
  }

  private CheckReport report(String mode, String reason, double seconds, double downtimeMillis) {
    return new CheckReport(
        checks.stream().allMatch(CheckReport.Check::passed),
        guest.definition().name().value(),
        peer.name().value(),
        mode,
        reason,
        seconds,
        downtimeMillis,
        checks);
  }

  /** Answers whether post-copy is possible there. */
  private boolean askTarget() {
    boolean wanted = qemu.has("postcopy-ram") && options.mode().mayEndInPostCopy();
    PeerMessage answer =
        new TargetInquiry(client, peer, id)
            .ask(
                new PeerMessage.Prepare(
                    guest.definition(),
                    options,
                    wanted,
                    true,
                    qemu.version(),
                    qemu.accelerator().word(),
                    files,
                    images,
                    0,
                    true),
                leaving);
    return switch (answer) {
      case PeerMessage.Prepared(
              var version,
              boolean postCopy,
              List<Integer> disks,
              List<PeerMessage.DiskLayers> layers,
              List<Problem> warnings) -> {
        tellOfDisks(disks, layers);
        passed("versions", "QEMU %s here, %s there".formatted(qemu.version(), version));
        remote(List.of(), warnings);
        planned.values().forEach(step -> passed("network: " + step.name(), step.finding()));
        yield postCopy;
      }
      case PeerMessage.Refused(List<Problem> problems) -> {
        remote(problems, List.of());
        yield false;
      }
      case PeerMessage other ->
          throw Problem.peer("bad-answer", "The target answered " + other, "").asException();
    };
  }

  /** What would be copied, and what the target has already. */
  private void tellOfDisks(List<Integer> moving, List<PeerMessage.DiskLayers> layers) {
    List<MigrationView.LayersView> views = LayersViews.of(guest.definition(), images, layers);
    for (int disk = 0; disk < images.size(); disk++) {
      PeerMessage.DiskImage image = images.get(disk);
      String path = guest.definition().disks().get(disk).path();
      passed(
          "disk",
          moving.contains(disk)
              ? "%s would be copied: %s, of which %s are in use"
                      .formatted(
                          path, new ByteSize(image.size()), new ByteSize(image.allocatedBytes()))
                  + views.stream()
                      .filter(view -> view.disk().equals(path))
                      .map(LayersViews::foreseen)
                      .findFirst()
                      .orElse("")
              : path + " is on storage that both hosts share");
    }
  }

  private void remote(List<Problem> problems, List<Problem> warnings) {
    for (ArrivalChecks.Check check : ArrivalChecks.Check.values()) {
      List<Problem> found =
          problems.stream().filter(problem -> problem.code().equals(check.code())).toList();
      if (found.isEmpty()) {
        checks.add(
            new CheckReport.Check(
                check.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                true,
                check.sentence(),
                warnings.stream()
                    .filter(warning -> warning.code().equals(check.code()))
                    .map(Problem::toString)
                    .findFirst()
                    .orElse("")));
      } else {
        found.forEach(
            problem -> failed(check.name().toLowerCase(Locale.ROOT).replace('_', '-'), problem));
      }
    }
    for (Problem problem : problems) {
      if (!isChecked(problem)) {
        failed(problem.code(), problem);
      }
    }
  }

  private static boolean isChecked(Problem problem) {
    for (ArrivalChecks.Check check : ArrivalChecks.Check.values()) {
      if (problem.code().equals(check.code())) {
        return true;
      }
    }
    return false;
  }

  private void passed(String name, String finding) {
    checks.add(new CheckReport.Check(name, true, finding, ""));
  }

  private void failed(String name, Problem problem) {
    checks.add(new CheckReport.Check(name, false, problem.message(), problem.remedy()));
  }
}
