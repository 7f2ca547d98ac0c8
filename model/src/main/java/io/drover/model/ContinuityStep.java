package io.drover.model;

/**
 * One of the things done so that a guest stays reachable when it moves, as people see it.
 *
 * @param name what it is: {@code filter}, {@code connections}, {@code announce}, {@code route}...
 * @param host where it is done
 * @param state {@code planned}, {@code done}, {@code failed} or {@code undone}
 * @param finding what came of it, in a sentence
 * @param millis how long it took
 */
public record ContinuityStep(String name, String host, State state, String finding, double millis) {
  /** How far it has come. */
  public enum State {
    PLANNED,
    DONE,
    FAILED,
    UNDONE
  }

  public static ContinuityStep planned(String name, HostName host, String sentence) {
    return new ContinuityStep(name, host.value(), State.PLANNED, sentence, 0);
  }
}
