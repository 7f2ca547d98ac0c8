package io.drover.testkit;

import io.drover.model.Problem;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/**
 * An agent with one driver: takes one event at a time and performs the effects strictly in order.
 * Killed, it loses its queue and whatever it had not performed yet; only the journal survives.
 */
abstract class SimAgent<S, E, F> {
  /** What a machine answers. */
  record Step<S, F>(S state, List<F> effects) {}

  private final SimWorld world;
  private final String name;
  private final ArrayDeque<E> queue = new ArrayDeque<>();
  private Optional<S> state = Optional.empty();
  private Optional<S> journal = Optional.empty();
  private boolean alive = true;
  private boolean busy;
  private int life;
  private int effectsUntilKilled = -1;

  SimAgent(SimWorld world, String name) {
    this.world = world;
    this.name = name;
  }

  abstract Step<S, F> step(S before, E event);

  abstract void perform(F effect) throws SimCommandFailed;

  abstract boolean isJournal(F effect);

  abstract E failed(F effect, Problem problem);

  abstract E restarted();

  /** Everything volatile is gone. */
  abstract void died();

  abstract boolean driverEnds(S now);

  abstract void driverEnded();

  SimWorld world() {
    return world;
  }

  Simulation simulation() {
    return world.simulation();
  }

  boolean alive() {
    return alive;
  }

  int life() {
    return life;
  }

  boolean idle() {
    return alive && !busy && queue.isEmpty();
  }

  Optional<S> state() {
    return state;
  }

  Optional<S> journal() {
    return journal;
  }

  void forgetEverything() {
    journal = Optional.empty();
  }

  void begin(Step<S, F> first) {
    apply(first);
  }

  void offer(E event) {
    if (alive && state.isPresent() && (busy || !driverEnds(state.orElseThrow()))) {
      queue.add(event);
      pump();
    }
  }

  private void pump() {
    if (busy || queue.isEmpty() || !alive) {
      return;
    }
    busy = true;
    inThisLife(simulation().between(0, 3), this::handleNext);
  }

  private void handleNext() {
    E event = queue.remove();
    S before = state.orElseThrow();
    Step<S, F> step = step(before, event);
    simulation()
        .tell(
            () -> "%s: %s%n%14s-> %s %s".formatted(name, event, "", step.state(), step.effects()));
    if (!before.equals(step.state())) {
      world.progress();
    }
    apply(step);
  }

  private void apply(Step<S, F> step) {
    busy = true;
    state = Optional.of(step.state());
    performFrom(step.effects(), 0);
  }

  private void performFrom(List<F> effects, int next) {
    if (next == effects.size()) {
      busy = false;
      world.stepped();
      if (driverEnds(state.orElseThrow())) {
        queue.clear();
        driverEnded();
      }
      pump();
      return;
    }
    inThisLife(
        simulation().between(0, 8),
        () -> {
          if (effectsUntilKilled >= 0 && effectsUntilKilled-- == 0) {
            kill();
            return;
          }
          perform(effects, next);
        });
  }

  private void perform(List<F> effects, int next) {
    F effect = effects.get(next);
    if (isJournal(effect)) {
      journal = state;
    } else {
      try {
        perform(effect);
      } catch (SimCommandFailed e) {
        simulation().tell(() -> "%s: %s failed: %s".formatted(name, effect, e.getMessage()));
        offer(failed(effect, Problem.migration("simulated", String.valueOf(e.getMessage()), "")));
      }
    }
    performFrom(effects, next + 1);
  }

  void inThisLife(long delayMillis, Runnable action) {
    int now = life;
    simulation()
        .after(
            delayMillis,
            () -> {
              if (alive && life == now) {
                action.run();
              }
            });
  }

  void killAfterEffects(int count) {
    effectsUntilKilled = count;
  }

  void kill() {
    if (!alive) {
      return;
    }
    simulation().tell(() -> name + " agent is KILLED");
    alive = false;
    life++;
    effectsUntilKilled = -1;
    queue.clear();
    busy = false;
    died();
  }

  void restart() {
    if (alive) {
      return;
    }
    simulation().tell(() -> name + " agent starts again with " + journal);
    alive = true;
    state = journal;
    if (state.isPresent() && !driverEnds(state.orElseThrow())) {
      queue.add(restarted());
      pump();
    }
  }
}
