package io.drover.network;

import io.drover.linux.TapDevice;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collection;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network device whose packets this process carries, encrypted, over whatever connections to the
 * peer stand. What the kernel routes to it while none stands is dropped, as by a broken cable.
 */
final class PacketTunnel implements PacketWay {
  private static final Logger LOG = LoggerFactory.getLogger(PacketTunnel.class);
  private static final int POLL_MILLIS = 100;
  private static final int MESSAGES = 1000;

  /** One connection to the peer. */
  static final class Line {
    private final PeerChannel channel;
    private final AtomicLong heardNanos = new AtomicLong(System.nanoTime());
    private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>(MESSAGES);
    private final Thread writer;

    Line(PeerChannel channel) {
      this.channel = channel;
      this.writer = Thread.ofVirtual().start(this::write);
    }

    private void write() {
      try {
        while (true) {
          byte[] message = messages.take();
          send(message, message.length);
        }
      } catch (InterruptedException e) {
        // The line is closed.
      }
    }

    /** Sends a whole frame; a line that fails ends, and its reader notices. */
    synchronized void send(byte[] frame, int length) {
      try {
        channel.out().write(frame, 0, length);
      } catch (IOException e) {
        close();
      }
    }

    /** Never waits: a peer that takes nothing loses the line. */
    void send(RedirectMessage message) {
      if (!messages.offer(TunnelFrames.encode(message))) {
        close();
      }
    }

    long silentNanos() {
      return System.nanoTime() - heardNanos.get();
    }

    void close() {
      writer.interrupt();
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("closing a redirect's connection", e);
      }
    }
  }

  private final HostName peer;
  private final HostNetwork network;
  private final String name;
  private final HostNetwork.PacketDevice device;
  private final PacketFilter filter = new PacketFilter();
  private final Set<Line> lines = ConcurrentHashMap.newKeySet();
  private final AtomicLong packets = new AtomicLong();
  private final Thread pump;
  private volatile boolean closed;

  /** Makes the device, or takes up the one of an earlier run. */
  PacketTunnel(HostName peer, HostNetwork network) {
    this.peer = peer;
    this.network = network;
    name = RouteTables.device(peer);
    device = network.tunnel(name);
    // Reading the device blocks in native code, which would pin a virtual thread's carrier.
    pump = Thread.ofPlatform().daemon().name("redirect-" + peer).start(this::pump);
  }

  @Override
  public String device() {
    return name;
  }

  @Override
  public Reachability.Carrier carrier() {
    return Reachability.Carrier.TUNNEL;
  }

  @Override
  public void letIn(Collection<IpAddress> from, Collection<IpAddress> to) {
    filter.sources(from);
    filter.destinations(to);
  }

  /** How many packets have gone through, both ways. */
  long packets() {
    return packets.get();
  }

  boolean stands() {
    return !lines.isEmpty();
  }

  Set<Line> lines() {
    return lines;
  }

  /** Serves a connection to its end, on the caller's thread. */
  void serve(Line line, Consumer<RedirectMessage> messages) {
    lines.add(line);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(TunnelFrames.MAX_PACKET);
      TunnelFrames.read(
          line.channel.in(),
          new TunnelFrames.Receiver() {
            @Override
            public void packet(byte[] bytes, int length) {
              if (filter.lets(bytes, TapDevice.HEADER_BYTES, length)) {
                MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, length);
                boolean _ = device.write(buffer.asSlice(0, length));
                packets.incrementAndGet();
              }
            }

            @Override
            public void message(RedirectMessage message) {
              messages.accept(message);
            }

            @Override
            public void alive() {
              line.heardNanos.set(System.nanoTime());
            }
          });
    } catch (IOException e) {
      LOG.debug("the connection to {} ended: {}", peer, e.toString());
    } finally {
      lines.remove(line);
      line.close();
    }
  }

  private void pump() {
    byte[] frame = new byte[TunnelFrames.HEADER_BYTES + TunnelFrames.MAX_PACKET];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(TunnelFrames.MAX_PACKET);
      while (!closed) {
        OptionalInt count = device.read(buffer, POLL_MILLIS);
        if (count.isPresent()) {
          int length = count.getAsInt();
          TunnelFrames.header(frame, TunnelFrames.PACKET, length);
          MemorySegment.copy(
              buffer, ValueLayout.JAVA_BYTE, 0, frame, TunnelFrames.HEADER_BYTES, length);
          for (Line line : lines) {
            line.send(frame, TunnelFrames.HEADER_BYTES + length);
            packets.incrementAndGet();
            break;
          }
        }
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    lines.forEach(Line::close);
    try {
      pump.join();
      while (!lines.isEmpty()) {
        Thread.sleep(1); // a line's reader may be about to write to the device
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    device.close();
  }

  @Override
  public void remove() {
    close();
    network.removeTunnel(name);
  }
}
