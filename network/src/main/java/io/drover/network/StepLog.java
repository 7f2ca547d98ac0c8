package io.drover.network;

import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was done for a guest on one host, and how it went: the last word on each step counts. Safe
 * for all threads.
 */
final class StepLog {
  private static final Logger LOG = LoggerFactory.getLogger(StepLog.class);

  private final GuestName guest;
  private final HostName host;
  private final Consumer<ContinuityStep> listener;
  private final Map<String, ContinuityStep> steps = new LinkedHashMap<>();

  StepLog(GuestName guest, HostName host, Consumer<ContinuityStep> listener) {
    this.guest = guest;
    this.host = host;
    this.listener = listener;
  }

  /** Does it and notes what it found; what fails is passed on. */
  void required(String name, Supplier<String> action) {
    long began = System.nanoTime();
    try {
      note(name, ContinuityStep.State.DONE, action.get(), began);
    } catch (ProblemException e) {
      failed(name, e.problem(), began);
      throw e;
    }
  }

  /** Does it and notes how it went; the guest goes its way even if it fails. */
  void wished(String name, Supplier<String> action) {
    long began = System.nanoTime();
    try {
      note(name, ContinuityStep.State.DONE, action.get(), began);
    } catch (ProblemException e) {
      failed(name, e.problem(), began);
    } catch (RuntimeException e) {
      // A mistake of ours must not keep a guest from running.
      LOG.error("guest={} {} failed", guest, name, e);
      failed(name, Problem.bug(name, String.valueOf(e)), began);
    }
  }

  void failed(String name, Problem problem, long beganNanos) {
    LOG.error("guest={} {} failed: {}", guest, name, problem);
    note(name, ContinuityStep.State.FAILED, problem.toString(), beganNanos);
  }

  void undone(String name, String finding) {
    note(name, ContinuityStep.State.UNDONE, finding, System.nanoTime());
  }

  private void note(String name, ContinuityStep.State state, String finding, long beganNanos) {
    ContinuityStep step =
        new ContinuityStep(
            name, host.value(), state, finding, (System.nanoTime() - beganNanos) / 1e6);
    LOG.info("guest={} {} {}: {}", guest, name, state, finding);
    synchronized (this) {
      steps.put(name, step);
    }
    listener.accept(step);
  }

  synchronized List<ContinuityStep> steps() {
    return List.copyOf(steps.values());
  }
}
