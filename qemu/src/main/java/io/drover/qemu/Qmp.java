package io.drover.qemu;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client of one QEMU monitor. One thread reads, any thread asks: reading never waits for a write,
 * so no event is lost or late. Replies are matched by id, and ids are unique among all clients the
 * monitor has had, because a monitor on a pipe may still answer a predecessor of ours.
 */
final class Qmp implements AutoCloseable {
  /** What arrives besides replies. Called on the reading thread: must not wait and must not ask. */
  interface Listener {
    void event(QmpEvent event);

    /** Nothing more comes: QEMU went away or the client was closed. */
    void ended();
  }

  static final int MAX_LINE_BYTES = 8 << 20;
  static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
  private static final Logger LOG = LoggerFactory.getLogger(Qmp.class);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final String name;
  private final ReadableByteChannel in;
  private final WritableByteChannel out;
  private final Listener listener;
  private final String idPrefix;
  private final AtomicLong nextId = new AtomicLong();
  private final Map<String, CompletableFuture<QmpReply>> waiting = new ConcurrentHashMap<>();
  private final CompletableFuture<JsonNode> greeting = new CompletableFuture<>();
  private final ReentrantLock writing = new ReentrantLock();
  private final AtomicBoolean ended = new AtomicBoolean();
  // Only the reading thread uses it. On a pipe, what precedes the first reply to us was meant for a
  // predecessor of ours.
  private boolean caughtUp;

  private Qmp(
      String name,
      ReadableByteChannel in,
      WritableByteChannel out,
      Listener listener,
      String idPrefix) {
    this.name = name;
    this.in = in;
    this.out = out;
    this.listener = listener;
    this.idPrefix = idPrefix;
  }

  static Listener events(Consumer<QmpEvent> events) {
    return new Listener() {
      @Override
      public void event(QmpEvent event) {
        events.accept(event);
      }

      @Override
      public void ended() {}
    };
  }

  /** Connects to a monitor's socket; the monitor still has to be {@link #negotiate}d. */
  static Qmp connect(Path socket, Listener listener, String idPrefix) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    return over(socket.toString(), channel, channel, listener, idPrefix);
  }

  static Qmp over(
      String name,
      ReadableByteChannel in,
      WritableByteChannel out,
      Listener listener,
      String idPrefix) {
    Qmp qmp = new Qmp(name, in, out, listener, idPrefix);
    // A platform thread: reading a pipe would hold on to a virtual thread's carrier.
    Thread.ofPlatform().daemon().name("qmp " + name).start(qmp::read);
    return qmp;
  }

  /** Waits for QEMU's greeting and leaves negotiation mode; returns the greeting. */
  JsonNode negotiate(Duration timeout, String... capabilities) {
    JsonNode hello;
    try {
      hello = greeting.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw silent("its greeting", timeout).asException(e);
    } catch (ExecutionException e) {
      throw gone().asException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    ObjectNode arguments = object();
    if (capabilities.length > 0) {
      var enable = arguments.putArray("enable");
      for (String capability : capabilities) {
        enable.add(capability);
      }
    }
    run("qmp_capabilities", arguments, timeout);
    return hello;
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  JsonNode run(String command) {
    return run(command, object(), DEFAULT_TIMEOUT);
  }

  JsonNode run(String command, ObjectNode arguments) {
    return run(command, arguments, DEFAULT_TIMEOUT);
  }

  /** Runs a command whose refusal is a failure. */
  JsonNode run(String command, ObjectNode arguments, Duration timeout) {
    return switch (ask(command, arguments, timeout)) {
      case QmpReply.Success success -> success.value();
      case QmpReply.Refused refused -> throw refusal(command, refused).asException();
    };
  }

  static Problem refusal(String command, QmpReply.Refused refused) {
    return Problem.host(
        "qemu-refused",
        "QEMU refused '%s': %s".formatted(command, refused.description()),
        "QEMU's own words name the reason; the agent's log has what led to it.");
  }

  QmpReply ask(String command, ObjectNode arguments, Duration timeout) {
    return exchange("execute", command, arguments, timeout);
  }

  /** Runs a command ahead of all others, also while QEMU's main loop hangs. */
  QmpReply askOutOfBand(String command, ObjectNode arguments, Duration timeout) {
    return exchange("exec-oob", command, arguments, timeout);
  }

  private QmpReply exchange(String verb, String command, ObjectNode arguments, Duration timeout) {
    String id = idPrefix + nextId.incrementAndGet();
    ObjectNode request = object();
    request.put(verb, command);
    if (!arguments.isEmpty()) {
      request.set("arguments", arguments);
    }
    request.put("id", id);
    CompletableFuture<QmpReply> reply = new CompletableFuture<>();
    waiting.put(id, reply);
    try {
      if (ended.get()) {
        throw gone().asException();
      }
      write(request);
      return reply.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw silent("'" + command + "'", timeout).asException(e);
    } catch (ExecutionException | IOException e) {
      throw gone().asException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      waiting.remove(id);
    }
  }

  private void write(ObjectNode request) throws IOException {
    byte[] line = JSON.writeValueAsBytes(request);
    ByteBuffer bytes = ByteBuffer.allocate(line.length + 1).put(line).put((byte) '\n').flip();
    writing.lock();
    try {
      while (bytes.hasRemaining()) {
        int _ = out.write(bytes);
      }
    } finally {
      writing.unlock();
    }
  }

  private void read() {
    LineBuffer lines = new LineBuffer(MAX_LINE_BYTES);
    ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
    try {
      while (in.read(chunk) >= 0) {
        long atNanos = System.nanoTime();
        chunk.flip();
        lines.feed(chunk, line -> received(line, atNanos));
        chunk.clear();
      }
    } catch (IOException e) {
      LOG.debug("monitor {} closed: {}", name, e.toString());
    } catch (RuntimeException e) {
      LOG.error("monitor {} cannot be followed any more", name, e);
    } finally {
      end();
    }
  }

  private void received(byte[] line, long atNanos) {
    JsonNode message;
    try {
      message = JSON.readTree(line);
    } catch (JacksonException e) {
      // The tail of a line whose head a predecessor read, or not QMP at all.
      LOG.debug("monitor {} said {} bytes that are not JSON", name, line.length);
      return;
    }
    if (message.has("event")) {
      if (caughtUp) {
        listener.event(
            new QmpEvent(message.path("event").asString(), message.path("data"), atNanos));
      }
    } else if (message.has("QMP")) {
      greeting.complete(message.path("QMP"));
    } else {
      CompletableFuture<QmpReply> reply = waiting.remove(message.path("id").asString(""));
      caughtUp |= reply != null;
      if (reply == null) {
        LOG.debug("monitor {} answered something nobody waits for", name);
      } else if (message.has("return")) {
        reply.complete(new QmpReply.Success(message.path("return")));
      } else {
        reply.complete(new QmpReply.Refused(message.path("error").path("desc").asString("")));
      }
    }
  }

  private void end() {
    if (ended.compareAndSet(false, true)) {
      closeChannels();
      IOException end = new IOException("the monitor " + name + " ended");
      greeting.completeExceptionally(end);
      waiting.values().forEach(reply -> reply.completeExceptionally(end));
      listener.ended();
    }
  }

  boolean isOpen() {
    return !ended.get();
  }

  @Override
  public void close() {
    closeChannels();
    end();
  }

  private void closeChannels() {
    try (in;
        out) {
      LOG.trace("closing monitor {}", name);
    } catch (IOException e) {
      LOG.debug("closing monitor {}: {}", name, e.toString());
    }
  }

  private Problem gone() {
    return Problem.host(
        "qemu-gone",
        "QEMU's monitor %s is closed".formatted(name),
        "The QEMU process has ended or was killed; its log in the run directory may say why.");
  }

  private Problem silent(String what, Duration timeout) {
    return Problem.host(
        "qemu-silent",
        "QEMU's monitor %s did not answer %s within %d ms"
            .formatted(name, what, timeout.toMillis()),
        "The host may be overloaded, or QEMU waits for memory that is still at another host.");
  }

  private static ProblemException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return Problem.host("interrupted", "The agent is shutting down", "Try again once it is back.")
        .asException(e);
  }
}
