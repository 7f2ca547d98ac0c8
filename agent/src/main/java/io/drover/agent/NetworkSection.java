package io.drover.agent;

import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.TimeSpan;
import io.drover.network.Hooks;
import io.drover.network.NameServiceSettings;
import io.drover.network.NameSettings;
import io.drover.network.NetworkSettings;
import io.drover.network.RoutedBridge;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The part of agent.yaml about guests' networks. */
final class NetworkSection {
  private final YamlMistakes mistakes;
  private final Endpoint agent;

  /** Names are answered at the agent's own address if nothing else is said. */
  NetworkSection(YamlMistakes mistakes, Endpoint agent) {
    this.mistakes = mistakes;
    this.agent = agent;
  }

  NetworkSettings read(Optional<YamlMapping> section) {
    if (section.isEmpty()) {
      return NetworkSettings.DEFAULT;
    }
    YamlMapping network = section.get();
    NetworkSettings settings =
        new NetworkSettings(
            bridges(network.mapping("routed-bridges")),
            ConfigurationFile.word(
                network,
                "redirect",
                NetworkSettings.DEFAULT.redirect(),
                NetworkSettings.Redirect.values()),
            ConfigurationFile.number(
                network, "vxlan-port", NetworkSettings.DEFAULT_VXLAN_PORT, 1, 65535),
            network.value(
                "redirect-idle",
                "a time from 1s to 24h",
                ConfigurationFile.told(
                    text ->
                        Optional.of(TimeSpan.parse(text))
                            .filter(
                                span ->
                                    span.compareTo(Duration.ofSeconds(1)) >= 0
                                        && span.compareTo(Duration.ofHours(24)) <= 0))),
            network.mapping("dns").flatMap(this::names),
            network.mapping("name-service").flatMap(this::nameService),
            network.mapping("hooks").map(this::hooks).orElse(Hooks.NONE));
    network.refuseTheRest();
    return settings;
  }

  private Map<String, RoutedBridge> bridges(Optional<YamlMapping> all) {
    Map<String, RoutedBridge> bridges = new LinkedHashMap<>();
    if (all.isPresent()) {
      for (String name : all.get().keys()) {
        int line = all.get().lineOf(name);
        all.get()
            .mapping(name)
            .flatMap(bridge -> bridge(name, bridge, line))
            .ifPresent(bridge -> bridges.put(name, bridge));
      }
    }
    return bridges;
  }

  private Optional<NameSettings> names(YamlMapping dns) {
    int line = dns.line();
    Optional<String> server =
        dns.value(
            "server",
            "a server's address",
            text -> Optional.of(text).filter(NetworkSection::isWord));
    int port = ConfigurationFile.number(dns, "port", NameSettings.DEFAULT_PORT, 1, 65535);
    Optional<Path> key = dns.value("key-file", "an absolute path", ConfigurationFile::absolute);
    List<String> zones = dns.words("zones");
    Duration ttl = seconds(dns, "ttl", NameSettings.DEFAULT_TTL);
    Duration moving = seconds(dns, "moving-ttl", NameSettings.DEFAULT_MOVING_TTL);
    dns.refuseTheRest();
    if (server.isEmpty() || key.isEmpty() || zones.isEmpty()) {
      mistakes.add(line, "'network.dns' wants server, key-file and zones");
      return Optional.empty();
    }
    return Optional.of(new NameSettings(server.get(), port, key.get(), zones, ttl, moving));
  }

  private Optional<NameServiceSettings> nameService(YamlMapping service) {
    int line = service.line();
    List<String> zones = service.words("zones");
    List<String> written = service.words("listen");
    int port =
        ConfigurationFile.number(service, "port", NameServiceSettings.DEFAULT_PORT, 1, 65535);
    Duration ttl = seconds(service, "ttl", NameServiceSettings.DEFAULT_TTL);
    service.refuseTheRest();
    boolean zoned =
        zones.stream().allMatch(NameServiceSettings::isZone)
            && !zones.stream().allMatch(NameServiceSettings::isReverse);
    if (!zoned) {
      mistakes.add(
          line,
          "'network.name-service.zones' is %s, not zones such as [guests.example]"
              .formatted(zones));
    }
    List<String> places = written.isEmpty() ? List.of(agent.host()) : written;
    List<IpAddress> listen = places.stream().flatMap(place -> ownAddress(place).stream()).toList();
    boolean placed = listen.size() == places.size();
    if (!placed) {
      mistakes.add(
          line,
          "'network.name-service.listen' is %s, not addresses of this host such as [192.0.2.11]"
              .formatted(places));
    }
    return zoned && placed
        ? Optional.of(new NameServiceSettings(zones, listen, port, ttl))
        : Optional.empty();
  }

  /** An answer has to come from the address that was asked, so it is not to be just any. */
  private static Optional<IpAddress> ownAddress(String text) {
    return ConfigurationFile.told(
            (String word) ->
                Optional.of(new IpAddress(word)).filter(each -> !each.inet().isAnyLocalAddress()))
        .apply(text);
  }

  private static boolean isWord(String text) {
    return text.matches("[A-Za-z0-9.:-]{1,253}");
  }

  private static Duration seconds(YamlMapping mapping, String key, Duration otherwise) {
    return mapping.value(
        key,
        otherwise,
        "a time from 1s to 24h",
        ConfigurationFile.told(
            text ->
                Optional.of(TimeSpan.parse(text))
                    .filter(
                        span ->
                            span.toSeconds() >= 1 && span.compareTo(Duration.ofHours(24)) <= 0)));
  }

  private Hooks hooks(YamlMapping hooks) {
    Hooks read =
        new Hooks(
            hooks
                .value("command", "an absolute path", ConfigurationFile::absolute)
                .map(Path::toString),
            hooks.value(
                "webhook",
                "an address such as https://inventory.example/moved",
                text ->
                    text.matches("https?://[A-Za-z0-9.:_/?&=%~+-]{1,1000}")
                        ? Optional.of(URI.create(text))
                        : Optional.empty()));
    hooks.refuseTheRest();
    return read;
  }

  private Optional<RoutedBridge> bridge(String name, YamlMapping bridge, int line) {
    List<IpAddress> gateway = new ArrayList<>();
    for (String text : bridge.words("gateway")) {
      ConfigurationFile.told((String word) -> Optional.of(new IpAddress(word)))
          .apply(text)
          .ifPresentOrElse(
              gateway::add,
              () ->
                  mistakes.add(
                      line, "the gateway '%s' is no address without prefix".formatted(text)));
    }
    Optional<String> mac =
        bridge.value(
            "mac",
            "a MAC address such as 02:00:5e:00:53:01",
            ConfigurationFile.told(text -> Optional.of(new NetworkCard(text, "b").mac())));
    bridge.refuseTheRest();
    if (!name.matches("[A-Za-z0-9._-]{1,15}")) {
      mistakes.add(line, "'%s' is no bridge's name".formatted(name));
      return Optional.empty();
    }
    if (gateway.isEmpty() || mac.isEmpty()) {
      mistakes.add(
          line,
          "the routed bridge '%s' wants 'gateway: [192.0.2.1]' and 'mac: \"02:00:5e:00:53:01\"', alike on every host"
              .formatted(name));
      return Optional.empty();
    }
    return Optional.of(new RoutedBridge(name, mac.get(), gateway));
  }
}
