package io.drover.agent;

import io.drover.agent.AgentConfiguration.Peer;
import io.drover.agent.AgentConfiguration.Permission;
import io.drover.agent.AgentConfiguration.TlsFiles;
import io.drover.chunk.StoreLimits;
import io.drover.model.ByteSize;
import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.model.TimeSpan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/** Reads agent.yaml, and tells all of its mistakes at once, each with its line. */
final class ConfigurationFile {
  private static final long MAX_BYTES = 1 << 20;
  private static final Duration LONGEST = Duration.ofHours(1);

  private final YamlMistakes mistakes = new YamlMistakes();

  private ConfigurationFile() {}

  /**
   * Reads the file.
   *
   * @param systemName what the system calls itself; the default for the host's name
   */
  static AgentConfiguration read(Path file, String systemName) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("it is longer than %d bytes".formatted(MAX_BYTES));
      }
      return parse(Files.readString(file), file.toString(), systemName);
    } catch (NoSuchFileException e) {
      throw Problem.usage(
              "no-configuration",
              "The configuration file %s does not exist".formatted(file),
              "Copy docs/agent.yaml.example there and adapt it, or name another with --config.")
          .asException(e);
    } catch (IOException e) {
      throw Problem.usage(
              "no-configuration",
              "The configuration file %s cannot be read: %s".formatted(file, e.getMessage()),
              "Run the agent as root, or name another file with --config.")
          .asException(e);
    }
  }

  static AgentConfiguration parse(String text, String file, String systemName) {
    ConfigurationFile reading = new ConfigurationFile();
    Optional<AgentConfiguration> read =
        reading.root(text, file).flatMap(root -> reading.agent(root, systemName));
    if (read.isEmpty() || !reading.mistakes.isEmpty()) {
      throw reading.mistakes.problem(file).asException();
    }
    return read.get();
  }

  private Optional<YamlMapping> root(String text, String file) {
    try {
      LoadSettings settings =
          LoadSettings.builder().setLabel(file).setMaxAliasesForCollections(0).build();
      Optional<Node> node =
          new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)))
              .getSingleNode();
      if (node.isEmpty()) {
        mistakes.add(0, "it is empty");
      }
      return node.flatMap(each -> YamlMapping.of(each, "", mistakes));
    } catch (MarkedYamlEngineException e) {
      mistakes.add(e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0), e.getProblem());
    } catch (YamlEngineException e) {
      mistakes.add(0, String.valueOf(e.getMessage()).lines().findFirst().orElse("it is not YAML"));
    }
    return Optional.empty();
  }

  private Optional<AgentConfiguration> agent(YamlMapping root, String systemName) {
    boolean named = root.keys().contains("name");
    Optional<HostName> written = root.value("name", "a host name", ConfigurationFile::hostName);
    Optional<HostName> name = written.or(() -> hostName(shortName(systemName)));
    if (name.isEmpty() && !named) {
      mistakes.add(
          0, "'name' is missing, and the system's name '%s' cannot serve".formatted(systemName));
    }
    Endpoint listen =
        root.value(
            "listen",
            new Endpoint("0.0.0.0", Endpoint.DEFAULT_PORT),
            "an address such as 192.0.2.1:7717",
            Endpoint::parse);
    TlsFiles tls = tls(root.mapping("tls"));
    Map<HostName, Peer> peers = peers(root.mapping("peers"));
    List<String> operators = root.words("operators");
    for (String operator : operators) {
      if (hostName(operator).isEmpty()) {
        mistakes.add(root.line(), "'operators' has '%s', which is no name".formatted(operator));
      }
    }
    Path state = path(root, "state-directory", Path.of("/var/lib/drover"));
    AgentConfiguration configuration =
        new AgentConfiguration(
            name.orElseGet(() -> new HostName("unnamed")),
            listen,
            tls,
            peers,
            operators,
            path(root, "run-directory", Path.of("/run/drover")),
            state,
            store(root.mapping("store"), state.resolve("store")),
            root.value("qemu", "qemu-system-x86_64", "a program", ConfigurationFile::notBlank),
            word(root, "accelerator", Accelerator.AUTO, Accelerator.values()),
            duration(root, "heartbeat-timeout", Duration.ofSeconds(5)),
            duration(root, "stall-timeout", Duration.ofSeconds(30)),
            number(root, "migration-history", 200, 0, 10_000),
            number(root, "max-migrations", 16, 1, 256),
            word(root, "log-level", LogLevel.INFO, LogLevel.values()),
            new NetworkSection(mistakes, listen).read(root.mapping("network")));
    root.refuseTheRest();
    if (peers.containsKey(configuration.name())) {
      mistakes.add(0, "'peers' lists '%s', which is this host".formatted(configuration.name()));
    }
    if (configuration.network().nameService().isPresent()
        && peers.values().stream()
            .noneMatch(peer -> peer.send().isGranted() || peer.receive().isGranted())) {
      mistakes.add(
          0,
          "'network.name-service' answers for the guests of 'peers' with 'send' or 'receive', and"
              + " there is none");
    }
    return Optional.of(configuration);
  }

  private TlsFiles tls(Optional<YamlMapping> tls) {
    Path folder = Path.of("/etc/drover");
    TlsFiles usual =
        new TlsFiles(
            folder.resolve("ca.pem"), folder.resolve("host.pem"), folder.resolve("host.key"));
    if (tls.isEmpty()) {
      return usual;
    }
    TlsFiles files =
        new TlsFiles(
            path(tls.get(), "authority", usual.authority()),
            path(tls.get(), "certificate", usual.certificate()),
            path(tls.get(), "key", usual.key()));
    tls.get().refuseTheRest();
    return files;
  }

  private StoreConfiguration store(Optional<YamlMapping> store, Path folder) {
    ByteSize index = ByteSize.ofMebibytes(64);
    ByteSize checkpoints = ByteSize.ofMebibytes(16 << 10);
    ByteSize cache = ByteSize.ofMebibytes(2 << 10);
    if (store.isEmpty()) {
      return new StoreConfiguration(folder, new StoreLimits(index, checkpoints, cache));
    }
    StoreConfiguration read =
        new StoreConfiguration(
            path(store.get(), "directory", folder),
            new StoreLimits(
                size(store.get(), "index", index),
                size(store.get(), "checkpoints", checkpoints),
                size(store.get(), "cache", cache)));
    store.get().refuseTheRest();
    return read;
  }

  private static ByteSize size(YamlMapping mapping, String key, ByteSize otherwise) {
    return mapping.value(
        key,
        otherwise,
        "a size such as 64M or 16G",
        told(text -> Optional.of(ByteSize.parse(text))));
  }

  private Map<HostName, Peer> peers(Optional<YamlMapping> all) {
    Map<HostName, Peer> peers = new LinkedHashMap<>();
    if (all.isPresent()) {
      for (String key : all.get().keys()) {
        int line = all.get().lineOf(key);
        Optional<HostName> name = hostName(key);
        if (name.isEmpty()) {
          mistakes.add(line, "'peers' has '%s', which is no host name".formatted(key));
        }
        Optional<YamlMapping> peer = all.get().mapping(key);
        if (peer.isEmpty()) {
          mistakes.add(line, "the peer '%s' has no address".formatted(key));
        } else if (name.isPresent()) {
          peer(peer.get(), key, line).ifPresent(found -> peers.put(name.get(), found));
        }
      }
    }
    return peers;
  }

  private Optional<Peer> peer(YamlMapping peer, String key, int line) {
    boolean named = peer.keys().contains("address");
    Optional<Endpoint> address =
        peer.value("address", "an address such as 192.0.2.2:7717", Endpoint::parse);
    if (!named) {
      mistakes.add(line, "the peer '%s' has no address".formatted(key));
    }
    Permission send = permission(peer, "send");
    Permission receive = permission(peer, "receive");
    Permission trustedPath = permission(peer, "trusted-path");
    peer.refuseTheRest();
    return address.map(where -> new Peer(where, send, receive, trustedPath));
  }

  private static Permission permission(YamlMapping peer, String key) {
    return peer.value(
        key,
        Permission.DENIED,
        "true or false",
        text ->
            switch (text) {
              case "true" -> Optional.of(Permission.GRANTED);
              case "false" -> Optional.of(Permission.DENIED);
              default -> Optional.empty();
            });
  }

  private static Path path(YamlMapping mapping, String key, Path otherwise) {
    return mapping.value(key, otherwise, "an absolute path", ConfigurationFile::absolute);
  }

  static Optional<Path> absolute(String text) {
    try {
      return Optional.of(Path.of(text)).filter(Path::isAbsolute);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  static Duration duration(YamlMapping mapping, String key, Duration otherwise) {
    return mapping.value(
        key,
        otherwise,
        "a time from 100ms to 1h",
        told(
            text ->
                Optional.of(TimeSpan.parse(text))
                    .filter(span -> span.toMillis() >= 100 && span.compareTo(LONGEST) <= 0)));
  }

  static int number(YamlMapping mapping, String key, int otherwise, int least, int most) {
    return mapping.value(
        key,
        otherwise,
        "a number from %d to %d".formatted(least, most),
        text ->
            text.matches("[0-9]{1,9}")
                ? Optional.of(Integer.parseInt(text)).filter(n -> n >= least && n <= most)
                : Optional.empty());
  }

  static <E extends Enum<E>> E word(YamlMapping mapping, String key, E otherwise, E[] known) {
    List<String> words =
        java.util.Arrays.stream(known).map(each -> each.name().toLowerCase(Locale.ROOT)).toList();
    return mapping.value(
        key,
        otherwise,
        "one of " + String.join(", ", words),
        text -> words.contains(text) ? Optional.of(known[words.indexOf(text)]) : Optional.empty());
  }

  private static Optional<String> notBlank(String text) {
    return Optional.of(text).filter(word -> !word.isBlank());
  }

  private static String shortName(String systemName) {
    int dot = systemName.indexOf('.');
    return (dot < 0 ? systemName : systemName.substring(0, dot)).toLowerCase(Locale.ROOT);
  }

  private static Optional<HostName> hostName(String text) {
    return told((String word) -> Optional.of(new HostName(word))).apply(text);
  }

  /** A parser that refuses with a problem becomes one that refuses with nothing. */
  static <T> Function<String, Optional<T>> told(Function<String, Optional<T>> parser) {
    return text -> {
      try {
        return parser.apply(text);
      } catch (ProblemException e) {
        return Optional.empty();
      }
    };
  }
}
