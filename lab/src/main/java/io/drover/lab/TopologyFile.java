package io.drover.lab;

import io.drover.lab.Topology.Network;
import io.drover.model.ByteRate;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

/** A {@link Topology} as people write it; docs/lab.md describes the keys. */
final class TopologyFile {
  /** Comes with Drover. */
  static final String WAN = "wan";

  private static final int MAX_BYTES = 1 << 20;

  private final String source;

  private TopologyFile(String source) {
    this.source = source;
  }

  /** The one that comes with Drover, or that of a file. */
  static Topology named(String nameOrFile) {
    return nameOrFile.equals(WAN) ? wan() : read(Path.of(nameOrFile));
  }

  /** Two sites with routers, a client and a name server in networks of their own. */
  static Topology wan() {
    return parse(wanText(), WAN);
  }

  static String wanText() {
    try (InputStream in = TopologyFile.class.getResourceAsStream("topology-wan.yaml")) {
      return new String(
          Objects.requireNonNull(in, "topology-wan.yaml").readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static Topology read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES);
      return parse(new String(bytes, StandardCharsets.UTF_8), file.toString());
    } catch (IOException failure) {
      throw Problem.usage(
              "no-topology",
              "There is no topology '%s' (%s)".formatted(file, failure.getMessage()),
              "Choose pair or wan, or name a YAML file.")
          .asException(failure);
    }
  }

  static Topology parse(String text, String source) {
    TopologyFile file = new TopologyFile(source);
    Object document;
    try {
      // Every scalar is a text: what it means, the key decides.
      document =
          new Load(
                  LoadSettings.builder()
                      .setLabel(source)
                      .setSchema(new FailsafeSchema())
                      .setMaxAliasesForCollections(0)
                      .build())
              .loadFromString(text);
    } catch (YamlEngineException broken) {
      throw file.mistake("it is not YAML: " + broken.getMessage());
    }
    return file.topology(file.section("", document));
  }

  private Topology topology(Section all) {
    List<Network> networks = new ArrayList<>();
    all.sections("networks").forEach((name, each) -> networks.add(network(name, each)));
    List<Machine> machines = new ArrayList<>();
    all.sections("machines").forEach((name, each) -> machines.add(machine(name, each)));
    List<GuestNetwork> guests = new ArrayList<>();
    all.sections("guests")
        .forEach(
            (bridge, each) -> {
              guests.add(new GuestNetwork(bridge, each.texts("prefixes"), each.texts("gateways")));
              each.end();
            });
    Topology topology =
        new Topology(all.text("name"), all.text("shaped"), guests, networks, machines);
    all.end();
    return topology;
  }

  private Network network(String name, Section each) {
    try {
      LinkShape shape =
          new LinkShape(
              each.find("rate").map(ByteRate::parse),
              Integer.parseInt(each.find("delay").orElse("0")),
              Double.parseDouble(each.find("loss").orElse("0")),
              Double.parseDouble(each.find("reorder").orElse("0")));
      each.end();
      return Network.of(name, shape);
    } catch (NumberFormatException notANumber) {
      throw mistake("%s: %s".formatted(each.place, notANumber.getMessage()));
    } catch (ProblemException wrong) {
      throw mistake("%s: %s".formatted(each.place, wrong.problem().message()));
    }
  }

  private Machine machine(String name, Section each) {
    List<Machine.Attachment> cards = new ArrayList<>();
    each.sections("interfaces")
        .forEach(
            (card, at) -> {
              cards.add(
                  new Machine.Attachment(
                      card, at.text("network"), at.find("bridge"), at.texts("addresses")));
              at.end();
            });
    Map<String, String> settings = new LinkedHashMap<>();
    each.find("settings", Section.class)
        .ifPresent(at -> at.left.forEach((key, value) -> settings.put(key, at.asText(key, value))));
    Machine machine =
        new Machine(
            name,
            role(each),
            cards,
            each.texts("routes").stream().map(this::route).toList(),
            settings,
            each.find("agent").orElse(""),
            each.find("name-server", Section.class).map(this::nameServer));
    each.end();
    if (machine.nameServer().isPresent() != (machine.role() == Machine.Role.NAME_SERVER)) {
      throw mistake("%s: only a name server has the key name-server".formatted(each.place));
    }
    return machine;
  }

  private Machine.Role role(Section each) {
    return switch (each.text("role")) {
      case "host" -> Machine.Role.HOST;
      case "client" -> Machine.Role.CLIENT;
      case "router" -> Machine.Role.ROUTER;
      case "name-server" -> Machine.Role.NAME_SERVER;
      default -> throw mistake(each.place + ": a role is host, client, router or name-server");
    };
  }

  /** As {@code ip route} writes it: {@code default via 192.0.2.1}. */
  private Machine.Route route(String text) {
    String[] words = text.split(" +", -1);
    if (words.length != 3 || !words[1].equals("via")) {
      throw mistake("'%s' is no route such as 'default via 192.0.2.1'".formatted(text));
    }
    return new Machine.Route(words[0], words[2]);
  }

  private Machine.NameServer nameServer(Section each) {
    String program = each.text("program");
    Machine.NameServer.Program kind =
        switch (program) {
          case "bind" -> Machine.NameServer.Program.BIND;
          case "knot" -> Machine.NameServer.Program.KNOT;
          default -> throw mistake(each.place + ": a program is bind or knot");
        };
    List<Machine.Zone> zones = new ArrayList<>();
    each.find("zones", Section.class)
        .ifPresent(
            at ->
                List.copyOf(at.left.keySet())
                    .forEach(zone -> zones.add(new Machine.Zone(zone, at.texts(zone)))));
    each.end();
    if (zones.isEmpty()) {
      throw mistake(each.place + ": it has no zones");
    }
    return new Machine.NameServer(kind, zones);
  }

  private Section section(String place, Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> keys = new LinkedHashMap<>();
      map.forEach((key, each) -> keys.put(String.valueOf(key), each == null ? "" : each));
      return new Section(place, keys);
    }
    if (value instanceof String text && text.isEmpty()) {
      return new Section(place, new LinkedHashMap<>());
    }
    throw mistake((place.isEmpty() ? "it" : place) + " must be keys with values");
  }

  private RuntimeException mistake(String what) {
    return Problem.usage(
            "bad-topology-file", source + ": " + what, "docs/lab.md describes topology files.")
        .asException();
  }

  /** A mapping of which keys are taken until none may be left. */
  private final class Section {
    private final String place;
    private final Map<String, Object> left;

    Section(String place, Map<String, Object> left) {
      this.place = place;
      this.left = left;
    }

    private String at(String key) {
      return place.isEmpty() ? key : place + "." + key;
    }

    String text(String key) {
      return find(key).orElseThrow(() -> mistake("the key '%s' is missing".formatted(at(key))));
    }

    Optional<String> find(String key) {
      return Optional.ofNullable(left.remove(key)).map(value -> asText(key, value));
    }

    private String asText(String key, Object value) {
      if (value instanceof String text) {
        return text;
      }
      throw mistake(at(key) + " must be a single value");
    }

    <T> Optional<T> find(String key, Class<T> section) {
      return Optional.ofNullable(left.remove(key))
          .map(value -> section.cast(section(at(key), value)));
    }

    List<String> texts(String key) {
      Object value = left.remove(key);
      if (value == null || value.equals("")) {
        return List.of();
      }
      if (!(value instanceof List<?> list)) {
        throw mistake(at(key) + " must be a list");
      }
      return list.stream().map(each -> asText(key, Objects.requireNonNull(each))).toList();
    }

    Map<String, Section> sections(String key) {
      Section all =
          find(key, Section.class)
              .orElseThrow(() -> mistake("the key '%s' is missing".formatted(at(key))));
      Map<String, Section> sections = new LinkedHashMap<>();
      all.left.forEach((name, value) -> sections.put(name, section(all.at(name), value)));
      return sections;
    }

    void end() {
      if (!left.isEmpty()) {
        throw mistake(
            "nobody knows the key '%s'"
                .formatted(at(left.keySet().iterator().next()).toLowerCase(Locale.ROOT)));
      }
    }
  }
}
