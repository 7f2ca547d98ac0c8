package io.drover.cli;

import io.drover.api.GuestSpec;
import io.drover.api.Json;
import io.drover.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * A guest's definition in YAML, or in JSON, which is YAML too. {@code network-cards} and {@code
 * networkCards} are the same key. Every mistake is told with its line.
 */
final class GuestFile {
  private static final int MAX_BYTES = 1 << 20;
  private static final Pattern HYPHEN = Pattern.compile("-([a-z])");

  private final String source;

  private GuestFile(String source) {
    this.source = source;
  }

  /** Reads the file, or standard input if it is {@code -}. */
  static GuestSpec read(String file, InputStream standardInput) {
    try (InputStream in = file.equals("-") ? standardInput : Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw Problem.usage(
                "guest-file-too-long",
                "%s is longer than %d bytes".formatted(file, MAX_BYTES),
                "Is it a guest definition?")
            .asException();
      }
      return parse(
          new String(bytes, StandardCharsets.UTF_8), file.equals("-") ? "standard input" : file);
    } catch (NoSuchFileException e) {
      throw Problem.usage(
              "no-guest-file",
              "The guest definition %s does not exist".formatted(file),
              "Name a YAML file, or - for standard input.")
          .asException(e);
    } catch (IOException e) {
      throw Problem.usage(
              "no-guest-file",
              "The guest definition %s cannot be read: %s".formatted(file, e.getMessage()),
              "Name a YAML file, or - for standard input.")
          .asException(e);
    }
  }

  static GuestSpec parse(String text, String source) {
    return new GuestFile(source).parse(text);
  }

  private GuestSpec parse(String text) {
    Optional<Node> root;
    try {
      LoadSettings settings =
          LoadSettings.builder().setLabel(source).setMaxAliasesForCollections(0).build();
      root =
          new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)))
              .getSingleNode();
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
      throw mistake(line, e.getProblem());
    } catch (YamlEngineException e) {
      throw mistake(0, String.valueOf(e.getMessage()).lines().findFirst().orElse("not YAML"));
    }
    Node node = root.orElseThrow(() -> mistake(0, "it is empty"));
    Map<String, Object> document = mapping(node, GuestSpec.class);
    for (String needed : List.of("name", "memory")) {
      if (!document.containsKey(needed)) {
        throw mistake(0, "the key '%s' is missing".formatted(needed));
      }
    }
    return Json.readRequest(Json.write(document), GuestSpec.class);
  }

  private Map<String, Object> mapping(Node node, Class<? extends Record> shape) {
    if (!(node instanceof MappingNode mapping)) {
      throw mistake(line(node), "keys and values are wanted, such as 'name: web'");
    }
    TreeSet<String> known = new TreeSet<>();
    Arrays.stream(shape.getRecordComponents()).forEach(each -> known.add(each.getName()));
    Map<String, Object> document = new LinkedHashMap<>();
    for (NodeTuple pair : mapping.getValue()) {
      String written = scalar(pair.getKeyNode());
      String key =
          HYPHEN
              .matcher(written)
              .replaceAll((MatchResult found) -> found.group(1).toUpperCase(Locale.ROOT));
      if (!known.contains(key)) {
        throw mistake(
            line(pair.getKeyNode()),
            "unknown key '%s'; known are %s".formatted(written, String.join(", ", known)));
      }
      if (document.put(key, value(key, pair.getValueNode())) != null) {
        throw mistake(line(pair.getKeyNode()), "the key '%s' is there twice".formatted(written));
      }
    }
    if (shape == GuestSpec.CardSpec.class && !document.containsKey("bridge")) {
      throw mistake(line(node), "the network card has no 'bridge'");
    }
    if (shape == GuestSpec.DiskSpec.class) {
      for (String needed : List.of("path", "format")) {
        if (!document.containsKey(needed)) {
          throw mistake(line(node), "the disk has no '%s'".formatted(needed));
        }
      }
    }
    return document;
  }

  private Object value(String key, Node node) {
    return switch (key) {
      case "vcpus" -> number(node);
      case "addresses" -> words(node);
      case "networkCards" -> list(node, "network-cards", "- bridge: br0", GuestSpec.CardSpec.class);
      case "disks" ->
          list(node, "disks", "- {path: /srv/web.img, format: raw}", GuestSpec.DiskSpec.class);
      default -> scalar(node);
    };
  }

  private List<Map<String, Object>> list(
      Node node, String key, String example, Class<? extends Record> shape) {
    if (!(node instanceof SequenceNode sequence)) {
      throw mistake(line(node), "%s wants a list, such as '%s'".formatted(key, example));
    }
    List<Map<String, Object>> values = new ArrayList<>();
    for (Node each : sequence.getValue()) {
      values.add(mapping(each, shape));
    }
    return values;
  }

  private List<String> words(Node node) {
    if (!(node instanceof SequenceNode sequence)) {
      throw mistake(line(node), "addresses wants a list, such as [192.0.2.10]");
    }
    return sequence.getValue().stream().map(this::scalar).toList();
  }

  private int number(Node node) {
    String text = scalar(node);
    if (!text.matches("[0-9]{1,6}")) {
      throw mistake(line(node), "'%s' is not a number".formatted(text));
    }
    return Integer.parseInt(text);
  }

  private String scalar(Node node) {
    if (!(node instanceof ScalarNode scalar)) {
      throw mistake(line(node), "a single value is wanted here");
    }
    return scalar.getValue();
  }

  private static int line(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
  }

  private RuntimeException mistake(int line, String what) {
    String place = line > 0 ? "%s, line %d".formatted(source, line) : source;
    return Problem.usage(
            "bad-guest-file",
            "%s: %s".formatted(place, what),
            "docs/operating.md shows a guest definition.")
        .asException();
  }
}
