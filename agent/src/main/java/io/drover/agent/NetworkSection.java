package io.drover.agent;

import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.TimeSpan;
import io.drover.network.NetworkSettings;
import io.drover.network.RoutedBridge;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The part of agent.yaml about guests' networks. */
final class NetworkSection {
  private final YamlMistakes mistakes;

  NetworkSection(YamlMistakes mistakes) {
    this.mistakes = mistakes;
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
            network.value(
                "redirect-idle",
                "a time from 1s to 24h",
                ConfigurationFile.told(
                    text ->
                        Optional.of(TimeSpan.parse(text))
                            .filter(
                                span ->
                                    span.compareTo(Duration.ofSeconds(1)) >= 0
                                        && span.compareTo(Duration.ofHours(24)) <= 0))));
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
