package io.drover.lab;

import io.drover.linux.TapDevice;
import io.drover.model.ByteRate;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The process behind a user-space link. It runs in the fabric's namespaces, ends with them, and
 * takes its devices along when it ends.
 */
final class LinkMain {
  private LinkMain() {}

  /** How to start it from the running Java, whether that has a class path or a module path. */
  static List<String> command() {
    String path =
        Stream.of("jdk.module.path", "java.class.path")
            .map(name -> System.getProperty(name, ""))
            .filter(value -> !value.isEmpty())
            .collect(Collectors.joining(File.pathSeparator));
    return new ArrayList<>(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx320m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=4",
            "-XX:-UsePerfData",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            path,
            LinkMain.class.getName()));
  }

  /** First the socket where it listens, then its ports' names. */
  static void main(String[] arguments) throws IOException {
    List<TapDevice> devices = Arrays.stream(arguments).skip(1).map(TapDevice::create).toList();
    LinkEngine engine = new LinkEngine(devices, new SplittableRandom());
    engine.start();
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(arguments[0]));
      while (true) {
        try (SocketChannel channel = server.accept()) {
          serve(engine, channel);
        } catch (IOException gone) {
          System.err.println("a controller went away: " + gone.getMessage());
        }
      }
    }
  }

  private static void serve(LinkEngine engine, SocketChannel channel) throws IOException {
    var reader =
        new BufferedReader(
            new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
    String line = reader.readLine();
    String answer = line == null ? "error nothing asked" : answer(engine, line);
    channel.write(ByteBuffer.wrap((answer + "\n").getBytes(StandardCharsets.UTF_8)));
  }

  static String answer(LinkEngine engine, String line) {
    String[] words = line.strip().split(" ", -1);
    try {
      switch (words[0]) {
        case "shape" -> engine.shape(shape(words));
        case "cut" -> engine.cut(words[1]);
        case "heal" -> engine.heal(words[1]);
        case "stats" -> {
          return "ok " + engine.stats();
        }
        default -> {
          return "error unknown command";
        }
      }
      return "ok";
    } catch (RuntimeException failure) {
      return "error " + failure.getMessage();
    }
  }

  private static LinkShape shape(String[] words) {
    long rate = Long.parseLong(words[1]);
    return new LinkShape(
        rate == 0 ? Optional.empty() : Optional.of(new ByteRate(rate)),
        Integer.parseInt(words[2]),
        Double.parseDouble(words[3]),
        Double.parseDouble(words[4]));
  }
}
