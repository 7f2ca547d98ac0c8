package io.drover.tunnel;

import io.drover.model.Problem;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Sends some tens of megabytes through a pair of relays inside this process, and measures a link of
 * its own, so that the first migration finds the cipher, the pumps and the probe compiled: cold
 * ones are about half as fast, and a cold probe takes itself for a slow link.
 */
public final class TunnelWarmup {
  /** How much is sent. */
  public static final int MEBIBYTES = 256;

  private static final int PROBES = 3;
  private static final int NOISE_BYTES = 128 << 10;

  private TunnelWarmup() {}

  /**
   * Runs for about a second of processor time; for a background thread at start.
   *
   * @param own the host's certificate, which plays both ends
   * @param folder where unix sockets may be made for an instant
   */
  public static void run(Credentials own, Path folder) throws IOException {
    run(own, folder, (long) MEBIBYTES << 20);
  }

  static void run(Credentials own, Path folder, long bytes) throws IOException {
    try {
      byte[] noise = new byte[NOISE_BYTES];
      new Random(1).nextBytes(noise);
      relay(
          own,
          folder,
          Relay.Options.plain(),
          Relay.Options.plain(),
          Collections.nCopies(Math.toIntExact(bytes / NOISE_BYTES), noise));
      for (int probe = 0; probe < PROBES; probe++) {
        probe(own, folder);
      }
    } catch (ExecutionException e) {
      throw Problem.bug("warmup", "The tunnel's warm-up failed: " + e.getCause()).asException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void probe(Credentials own, Path folder)
      throws IOException, ExecutionException, InterruptedException {
    SocketChannel[] link = pair(folder);
    try (TlsChannel client = new TlsChannel(link[0], own.clientEngine(List.of()));
        TlsChannel server = new TlsChannel(link[1], own.serverEngine(List.of()))) {
      FutureTask<String> answers = start(() -> answer(server));
      client.handshake();
      LinkSpeed _ = LinkProbe.measure(client);
      String _ = answers.get();
    }
  }

  private static String answer(TlsChannel server) {
    try {
      server.handshake();
      LinkProbe.answer(server);
      return "ended";
    } catch (IOException e) {
      return e.toString(); // the caller drops the connection once it knows enough
    }
  }

  /** Sends a stream through a pair of relays; it must arrive as it was. */
  public static void relay(
      Credentials own,
      Path folder,
      Relay.Options atSource,
      Relay.Options atTarget,
      List<byte[]> stream)
      throws IOException, ExecutionException, InterruptedException {
    SocketChannel[] in = pair(folder);
    SocketChannel[] link = pair(folder);
    SocketChannel[] out = pair(folder);
    try {
      TlsChannel client = new TlsChannel(link[0], own.clientEngine(List.of()));
      TlsChannel server = new TlsChannel(link[1], own.serverEngine(List.of()));
      FutureTask<RelayEnd> target =
          start(
              () -> {
                server.handshake();
                return new Relay("warmup-target", out[0], server, atTarget).run();
              });
      FutureTask<RelayEnd> source =
          start(
              () -> {
                client.handshake();
                return new Relay("warmup-source", in[1], client, atSource).run();
              });
      FutureTask<Long> sink = start(() -> drain(out[1]));
      long bytes = fill(in[0], stream);
      long arrived = sink.get();
      if (arrived != bytes
          || !(source.get() instanceof RelayEnd.Clean)
          || !(target.get() instanceof RelayEnd.Clean)) {
        throw new IOException(
            "%d of %d bytes arrived: %s, %s".formatted(arrived, bytes, source.get(), target.get()));
      }
    } finally {
      for (SocketChannel[] both : List.of(in, link, out)) {
        both[0].close();
        both[1].close();
      }
    }
  }

  private static <T> FutureTask<T> start(java.util.concurrent.Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofPlatform().name("warmup").daemon().start(task);
    return task;
  }

  private static long fill(SocketChannel to, List<byte[]> stream) throws IOException {
    long bytes = 0;
    for (byte[] part : stream) {
      ByteBuffer left = ByteBuffer.wrap(part);
      while (left.hasRemaining()) {
        bytes += to.write(left);
      }
    }
    to.shutdownOutput();
    return bytes;
  }

  private static long drain(SocketChannel from) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    long total = 0;
    for (int count = from.read(buffer); count >= 0; count = from.read(buffer.clear())) {
      total += count;
    }
    from.shutdownOutput();
    return total;
  }

  /** Two connected unix sockets whose name is gone again. */
  static SocketChannel[] pair(Path folder) throws IOException {
    Path path = folder.resolve("warmup-" + Long.toUnsignedString(System.nanoTime(), 36));
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(address);
      SocketChannel one = SocketChannel.open(address);
      return new SocketChannel[] {one, listener.accept()};
    } finally {
      Files.deleteIfExists(path);
    }
  }
}
