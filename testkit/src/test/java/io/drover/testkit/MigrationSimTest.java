package io.drover.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.SourceEffect;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceState;
import io.drover.migration.SourceStep;
import io.drover.migration.TargetEffect;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetState;
import io.drover.migration.TargetStep;
import io.drover.wire.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Many seeds; {@code -Dsim.seeds=N -Dsim.first=S} runs more, or one again. */
class MigrationSimTest {
  private static final long SEEDS = Long.getLong("sim.seeds", 20_000);
  private static final long FIRST = Long.getLong("sim.first", 0);
  private static final long SEEDS_FOR_BROKEN_MACHINES = 3_000;

  @Test
  void everyRuleHoldsWhateverGoesWrong() {
    Map<String, Integer> notes = new TreeMap<>();
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      MigrationSimulation.Result result = MigrationSimulation.run(seed, new Machines.Real());
      assertThat(result.failure()).as(result::story).isEmpty();
      result.notes().forEach((what, count) -> notes.merge(what, count, Integer::sum));
    }
    if (SEEDS >= 20_000) {
      // A simulation in which nothing goes wrong, or nothing goes well, proves nothing.
      assertThat(notes)
          .containsKeys(
              "outcome COMPLETED",
              "outcome ABORTED",
              "outcome CANCELLED",
              "outcome REFUSED",
              "outcome POWERED_OFF",
              "outcome LOST",
              "the source's disk goes",
              "the source's disk is kept");
    }
  }

  @Test
  void theSameSeedTellsTheSameStory() {
    MigrationSimulation.Result once =
        MigrationSimulation.run(7, new Machines.Real(), Simulation.Tracing.ON);
    MigrationSimulation.Result again =
        MigrationSimulation.run(7, new Machines.Real(), Simulation.Tracing.ON);
    assertThat(again.story()).isEqualTo(once.story());
    assertThat(once.trace()).hasSizeGreaterThan(10);
  }

  @Test
  void findsATargetThatRunsWithoutCommit() {
    assertThat(
            finds(
                "two copies run, or may at any moment",
                new Broken() {
                  @Override
                  List<TargetEffect> target(
                      TargetState before, TargetState after, List<TargetEffect> effects) {
                    boolean loaded =
                        after.stage() == TargetState.Stage.LOADED
                            && before.stage() != TargetState.Stage.LOADED;
                    return loaded ? with(effects, new TargetEffect.Run()) : effects;
                  }
                }))
        .isTrue();
  }

  @Test
  void findsASourceThatRunsOnAfterTheCommit() {
    assertThat(
            finds(
                "two copies run, or may at any moment",
                new Broken() {
                  @Override
                  List<SourceEffect> source(
                      SourceState before, SourceState after, List<SourceEffect> effects) {
                    boolean cutOff =
                        after.stage() == SourceState.Stage.COMMITTED
                            && before.connected()
                            && !after.connected();
                    return cutOff ? with(effects, new SourceEffect.ContinueGuest()) : effects;
                  }
                }))
        .isTrue();
  }

  @Test
  void findsASourceThatRemovesItsGuestAfterTheJournalOfTheEnd() {
    assertThat(
            finds(
                "completed, and the source's hypervisor is left",
                new Broken() {
                  @Override
                  List<SourceEffect> source(
                      SourceState before, SourceState after, List<SourceEffect> effects) {
                    return effects.contains(new SourceEffect.RemoveGuest())
                        ? effects.reversed()
                        : effects;
                  }
                },
                20_000))
        .isTrue();
  }

  @Test
  void findsASourceThatResumesItsGuestBeforeItJournalsTheAbort() {
    assertThat(
            finds(
                "two copies run, or may at any moment",
                new Broken() {
                  @Override
                  List<SourceEffect> source(
                      SourceState before, SourceState after, List<SourceEffect> effects) {
                    return effects.contains(new SourceEffect.ContinueGuest())
                            && before.stage() == SourceState.Stage.COPYING
                        ? effects.reversed()
                        : effects;
                  }
                },
                200_000))
        .isTrue();
  }

  @Test
  void findsATargetThatForgetsToJournalThatItMayRun() {
    assertThat(
            finds(
                "the source runs after the target did",
                new Broken() {
                  @Override
                  List<TargetEffect> target(
                      TargetState before, TargetState after, List<TargetEffect> effects) {
                    return effects.contains(new TargetEffect.Run())
                        ? without(effects, new TargetEffect.Journal())
                        : effects;
                  }
                },
                20_000))
        .isTrue();
  }

  @Test
  void findsASourceThatGivesItsDiskAwayThoughTheTargetsMayBeLost() {
    assertThat(
            finds(
                "the source's disk goes, and a power cut may take the target's",
                new Broken() {
                  @Override
                  List<SourceEffect> source(
                      SourceState before, SourceState after, List<SourceEffect> effects) {
                    return effects.stream()
                        .map(
                            effect ->
                                effect instanceof SourceEffect.PutDisksAside(List<Integer> disks)
                                    ? new SourceEffect.ReleaseDisks(disks)
                                    : effect)
                        .toList();
                  }
                }))
        .isTrue();
  }

  @Test
  void findsATargetThatSaysOfDisksThatTheyAreSafeBeforeTheyAre() {
    assertThat(
            finds(
                "the source's disk goes, and a power cut may take the target's",
                new Broken() {
                  @Override
                  List<TargetEffect> target(
                      TargetState before, TargetState after, List<TargetEffect> effects) {
                    TargetEffect safe = new TargetEffect.Send(new PeerMessage.DisksSettled());
                    return effects.contains(new TargetEffect.SettleDisks())
                        ? with(effects, safe)
                        : effects;
                  }
                }))
        .isTrue();
  }

  @Test
  void findsAHypervisorThatIsLeftBehind() {
    assertThat(
            finds(
                "ABORTED, and a hypervisor is left at the target",
                new Broken() {
                  @Override
                  List<TargetEffect> target(
                      TargetState before, TargetState after, List<TargetEffect> effects) {
                    return without(effects, new TargetEffect.Remove());
                  }
                }))
        .isTrue();
  }

  @Test
  void findsARequestThatIsIgnored() {
    assertThat(
            finds(
                "a request to cancel was ignored",
                new Broken() {
                  @Override
                  List<SourceEffect> source(
                      SourceState before, SourceState after, List<SourceEffect> effects) {
                    return without(effects, new SourceEffect.RefuseCancel());
                  }
                }))
        .isTrue();
  }

  @Test
  void findsAMoveThatNeverEnds() {
    assertThat(
            finds(
                "does not settle by itself",
                new Broken() {
                  @Override
                  List<SourceEffect> source(
                      SourceState before, SourceState after, List<SourceEffect> effects) {
                    return without(effects, new SourceEffect.Send(new PeerMessage.Attach()));
                  }
                }))
        .isTrue();
  }

  @Test
  void findsATargetThatIsNeverToldHowItEnded() {
    assertThat(
            finds(
                "does not settle by itself",
                new Broken() {
                  @Override
                  List<SourceEffect> source(
                      SourceState before, SourceState after, List<SourceEffect> effects) {
                    boolean owes = after.stage() == SourceState.Stage.ENDED && after.lastWordOwed();
                    return owes
                        ? effects.stream().filter(e -> !(e instanceof SourceEffect.Send)).toList()
                        : effects;
                  }
                }))
        .isTrue();
  }

  private static boolean finds(String failure, Machines machines) {
    return finds(failure, machines, SEEDS_FOR_BROKEN_MACHINES);
  }

  private static boolean finds(String failure, Machines machines, long seeds) {
    return LongStream.range(0, seeds)
        .mapToObj(seed -> MigrationSimulation.run(seed, machines, Simulation.Tracing.OFF))
        .anyMatch(result -> result.failure().equals(Optional.of(failure)));
  }

  /** Drover's machines with a mistake in what they want done. */
  private abstract static class Broken implements Machines {
    private final Machines real = new Machines.Real();

    List<SourceEffect> source(
        SourceState unusedBefore, SourceState unusedAfter, List<SourceEffect> effects) {
      return effects;
    }

    List<TargetEffect> target(
        TargetState unusedBefore, TargetState unusedAfter, List<TargetEffect> effects) {
      return effects;
    }

    @Override
    public SourceStep source(SourceState state, SourceEvent event) {
      SourceStep step = real.source(state, event);
      return new SourceStep(step.state(), source(state, step.state(), step.effects()));
    }

    @Override
    public TargetStep target(TargetState state, TargetEvent event) {
      TargetStep step = real.target(state, event);
      return new TargetStep(step.state(), target(state, step.state(), step.effects()));
    }

    static <T> List<T> with(List<T> effects, T another) {
      List<T> all = new ArrayList<>(effects);
      all.add(another);
      return all;
    }

    static <T> List<T> without(List<T> effects, T unwanted) {
      return effects.stream().filter(e -> !e.equals(unwanted)).toList();
    }
  }
}
