package io.drover.lab;

import io.drover.api.MigrationView;
import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Way.Mover;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A guest for each kind of mover, since none can move what another one started: each in a lab of
 * its own, made with its first move. Those that do not move just now idle.
 */
final class MovingGuests implements AutoCloseable {
  private final HostControl.Factory agents;
  private final GuestImage image;
  private final LabStore store;
  private final LabName name;
  private final Case one;
  private final Set<Way> ways;
  private final Consumer<String> progress;
  private final Map<Mover, MovingGuest> guests = new EnumMap<>(Mover.class);
  private final List<LabGuard> guards = new ArrayList<>();

  /**
   * Nothing is made yet.
   *
   * @param ways those in which the guests will be moved
   */
  MovingGuests(
      HostControl.Factory agents,
      GuestImage image,
      LabStore store,
      LabName name,
      Case one,
      Set<Way> ways,
      Consumer<String> progress) {
    this.agents = agents;
    this.image = image;
    this.store = store;
    this.name = name;
    this.one = one;
    this.ways =
        ways.stream()
            .filter(way -> way.absence(one.mode(), StockPrograms.ofMachine()).isEmpty())
            .collect(Collectors.toUnmodifiableSet());
    this.progress = progress;
  }

  Measured move(Contender contender, Consumer<MigrationView> watching) {
    return guests.computeIfAbsent(contender.way().mover(), this::guest).move(contender, watching);
  }

  private MovingGuest guest(Mover mover) {
    return switch (mover) {
      case AGENTS ->
          new MovingGuest(
              () ->
                  Rehearsal.in(
                      Lab.up(store, LabPlan.of(name, one.shape()), progress), agents, image),
              agents,
              image,
              one);
      case QEMU ->
          stock("-qemu", lab -> new StockHosts(lab, StockPrograms.ofMachine(), ways).factory());
      case LIBVIRT ->
          stock("-libvirt", lab -> new LibvirtHosts(lab, StockPrograms.ofMachine()).factory());
    };
  }

  private MovingGuest stock(String suffix, Function<Lab, HostControl.Factory> hosts) {
    LabName own = name.with(suffix);
    guards.add(new LabGuard(store, own));
    HostsOfLab control = new HostsOfLab(hosts);
    return new MovingGuest(
        () ->
            control.of(
                Lab.up(
                    store, LabPlan.of(own, one.shape()).withAgents(LabPlan.Agents.NONE), progress)),
        control,
        image,
        one);
  }

  /** The hosts of the lab that was made last. */
  private static final class HostsOfLab implements HostControl.Factory {
    private final Function<Lab, HostControl.Factory> making;
    private Optional<HostControl.Factory> current = Optional.empty();

    HostsOfLab(Function<Lab, HostControl.Factory> making) {
      this.making = making;
    }

    Lab of(Lab lab) {
      try {
        current = Optional.of(making.apply(lab));
      } catch (RuntimeException failure) {
        lab.close();
        throw failure;
      }
      return lab;
    }

    @Override
    public HostControl at(Path socket) {
      return current.orElseThrow().at(socket);
    }
  }

  @Override
  public void close() {
    guests.values().forEach(MovingGuest::close);
    guests.clear();
    guards.forEach(LabGuard::close);
    guards.clear();
  }
}
