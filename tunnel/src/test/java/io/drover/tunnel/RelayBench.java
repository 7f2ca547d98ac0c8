package io.drover.tunnel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/**
 * Measures relays from one unix socket over loopback TLS to another: {@code main [GiB [rounds
 * [warm]]]}. Prints GB/s and seconds of processor time per GiB for both relays together and for the
 * process, whose two feeders stand for the two hypervisors.
 */
final class RelayBench {
  private RelayBench() {}

  public static void main(String[] arguments) throws Exception {
    System.setProperty("drover.test.defaultKeyLimits", "true");
    double gibibytes = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 1;
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
    Path folder = Files.createTempDirectory("relay-bench");
    TestFleet fleet = new TestFleet(folder);
    Credentials alpha = fleet.host("alpha");
    Credentials beta = fleet.host("beta");
    if (arguments.length > 2) {
      long start = System.nanoTime();
      TunnelWarmup.run(alpha, folder);
      System.out.printf("warm-up took %d ms%n", (System.nanoTime() - start) / 1_000_000);
    }
    for (int round = 0; round < rounds; round++) {
      for (boolean virtual : new boolean[] {false, true}) {
        round(folder, alpha, beta, (long) (gibibytes * (1L << 30)), virtual);
      }
    }
  }

  private static void round(
      Path folder, Credentials alpha, Credentials beta, long bytes, boolean virtual)
      throws Exception {
    TlsChannel[] link = tlsPair(alpha, beta, virtual);
    SocketChannel[] in = TunnelWarmup.pair(folder);
    SocketChannel[] out = TunnelWarmup.pair(folder);
    long cpu = processNanos();
    long start = System.nanoTime();
    FutureTask<RelayEnd> source = start(() -> relay("source", in[1], link[0]));
    FutureTask<RelayEnd> target = start(() -> relay("target", out[0], link[1]));
    FutureTask<Long> feeder = start(() -> feed(in[0], bytes));
    FutureTask<Long> sink = start(() -> drain(out[1]));
    long feeders = feeder.get() + sink.get();
    RelayEnd end = source.get();
    double seconds = (System.nanoTime() - start) / 1e9;
    double all = (processNanos() - cpu) / 1e9;
    double scale = bytes / (double) (1L << 30);
    System.out.printf(
        "handshake %s: %.2f GB/s, CPU s/GiB: relays %.2f, process %.2f (%s %s)%n",
        virtual ? "virtual " : "platform",
        bytes / seconds / 1e9,
        (all - feeders / 1e9) / scale,
        all / scale,
        end,
        target.get());
  }

  private static RelayEnd relay(String name, SocketChannel hypervisor, TlsChannel channel) {
    return new Relay(name, hypervisor, channel, Relay.Options.plain()).run();
  }

  static TlsChannel[] tlsPair(Credentials alpha, Credentials beta, boolean virtual)
      throws Exception {
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      SocketChannel one = SocketChannel.open(listener.getLocalAddress());
      SocketChannel other = listener.accept();
      one.setOption(StandardSocketOptions.TCP_NODELAY, true);
      other.setOption(StandardSocketOptions.TCP_NODELAY, true);
      TlsChannel client = new TlsChannel(one, alpha.clientEngine(List.of("drover/1")));
      TlsChannel server = new TlsChannel(other, beta.serverEngine(List.of("drover/1")));
      FutureTask<Boolean> handshake =
          new FutureTask<>(
              () -> {
                server.handshake();
                return true;
              });
      FutureTask<Boolean> clientHandshake =
          new FutureTask<>(
              () -> {
                client.handshake();
                return true;
              });
      for (FutureTask<Boolean> task : List.of(handshake, clientHandshake)) {
        if (virtual) {
          Thread.ofVirtual().start(task);
        } else {
          Thread.ofPlatform().start(task);
        }
      }
      handshake.get();
      clientHandshake.get();
      return new TlsChannel[] {client, server};
    }
  }

  private static long feed(SocketChannel to, long bytes) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(128 << 10);
    for (long left = bytes; left > 0; ) {
      chunk.clear().limit((int) Math.min(left, chunk.capacity()));
      while (chunk.hasRemaining()) {
        left -= to.write(chunk);
      }
    }
    to.shutdownOutput();
    return threadNanos();
  }

  private static long drain(SocketChannel from) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(32 << 10);
    while (from.read(chunk.clear()) >= 0) {}
    from.shutdownOutput();
    return threadNanos();
  }

  private static long processNanos() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
  }

  /** In the kernel's ticks of 10 ms. */
  private static long threadNanos() throws IOException {
    String stat = Files.readString(Path.of("/proc/thread-self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * 10_000_000L;
  }

  private static <T> FutureTask<T> start(Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofPlatform().daemon().start(task);
    return task;
  }
}
