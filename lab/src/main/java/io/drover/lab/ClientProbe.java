package io.drover.lab;

import io.drover.model.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client of a guest, at work outside of it until closed.
 *
 * <p>Threads: one.
 */
final class ClientProbe implements AutoCloseable {
  private static final Pattern ANSWER =
      Pattern.compile("DROVER client-answer address=(\\S+) at=([0-9]{1,15})");
  private static final Duration REPORT_PATIENCE = Duration.ofSeconds(10);

  private final ClientKind kind;
  private final String target;
  private final Process process;
  private final Thread reader;
  private final BlockingQueue<ClientReport> reports = new LinkedBlockingQueue<>();
  private final List<NameAnswer> names = new ArrayList<>();
  private volatile boolean ready;
  private volatile String lastLine = "";

  /**
   * A name began to lead to an address.
   *
   * @param address "none" where it led nowhere
   * @param nanos when the client heard, by {@link System#nanoTime}
   */
  record NameAnswer(String address, long nanos) {}

  private ClientProbe(ClientKind kind, String target, Process process) {
    this.kind = kind;
    this.target = target;
    this.process = process;
    this.reader = Thread.ofVirtual().start(this::follow);
  }

  /** Of a guest at an address. */
  static ClientProbe of(Lab lab, GuestImage image, ClientKind kind, String address) {
    return start(lab, image, kind, address, List.of());
  }

  /** Asks a name server. */
  static ClientProbe ofName(Lab lab, GuestImage image, String server, String name) {
    return start(lab, image, ClientKind.DNS, server, List.of(name));
  }

  private static ClientProbe start(
      Lab lab, GuestImage image, ClientKind kind, String address, List<String> more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                image.clientProgram().toString(),
                kind.word(),
                address,
                Long.toString(kind.interval().toNanos() / 1000)));
    command.addAll(more);
    ProcessBuilder builder = new ProcessBuilder(lab.client().entering(command));
    builder.environment().put(Node.MARK, lab.record().name());
    builder.redirectErrorStream(true);
    return new ClientProbe(kind, address, Programs.start(builder));
  }

  private void follow() {
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        accept(line);
      }
    } catch (IOException ended) {
      // The stream ends with the program.
    }
  }

  private void accept(String line) {
    lastLine = line;
    if (line.startsWith("DROVER client-ready")) {
      ready = true;
    }
    ClientReport.parse(line).ifPresent(reports::add);
    Matcher answer = ANSWER.matcher(line);
    if (answer.matches()) {
      synchronized (names) {
        names.add(new NameAnswer(answer.group(1), Long.parseLong(answer.group(2)) * 1000));
      }
    }
  }

  ClientKind kind() {
    return kind;
  }

  /** Waits for the first answer; those that get none have nothing to wait for. */
  void awaitReady(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!ready && kind.isAnswered()) {
      if (System.nanoTime() > deadline || !process.isAlive()) {
        throw silent("had no answer");
      }
      Programs.pause(Duration.ofMillis(20));
    }
  }

  /** Forgets what was seen so far. */
  void mark() {
    tell("mark");
  }

  /** The idle connection says something; the next report tells how long the answer took. */
  void wake() {
    tell("wake");
  }

  ClientReport report() {
    tell("report");
    try {
      return Optional.ofNullable(reports.poll(REPORT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
          .orElseThrow(() -> silent("does not report"));
    } catch (InterruptedException interruption) {
      throw Programs.interrupted(interruption);
    }
  }

  /** To what the name led, each time that changed. */
  List<NameAnswer> names() {
    synchronized (names) {
      return List.copyOf(names);
    }
  }

  private void tell(String word) {
    try {
      OutputStream out = process.getOutputStream();
      out.write((word + "\n").getBytes(StandardCharsets.US_ASCII));
      out.flush();
    } catch (IOException gone) {
      throw silent("is gone");
    }
  }

  private RuntimeException silent(String what) {
    return Problem.migration(
            "client-silent",
            "The client '%s' of %s %s; it said last: '%s'"
                .formatted(kind.word(), target, what, lastLine),
            "Try it by hand with 'drover lab exec client'.")
        .asException();
  }

  @Override
  public void close() {
    // nsenter does not hand signals on; its child is the program.
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
    reader.interrupt();
  }
}
