package io.drover.agent;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Keys and values of one YAML mapping that still know their lines. A mistake is noted and the
 * default taken, so that reading goes on to the next one. What nobody asked for is unknown.
 */
final class YamlMapping {
  private final YamlMistakes mistakes;
  private final String prefix;
  private final int line;
  private final Map<String, NodeTuple> left = new LinkedHashMap<>();

  private YamlMapping(MappingNode node, String prefix, YamlMistakes mistakes) {
    this.mistakes = mistakes;
    this.prefix = prefix;
    this.line = line(node);
    for (NodeTuple pair : node.getValue()) {
      if (!(pair.getKeyNode() instanceof ScalarNode key)) {
        mistakes.add(line(pair.getKeyNode()), "a key must be a single word");
      } else if (left.put(key.getValue(), pair) != null) {
        mistakes.add(line(key), "'%s' is there twice".formatted(prefix + key.getValue()));
      }
    }
  }

  static Optional<YamlMapping> of(Node node, String prefix, YamlMistakes mistakes) {
    if (node instanceof MappingNode mapping) {
      return Optional.of(new YamlMapping(mapping, prefix, mistakes));
    }
    if (!isEmpty(node)) {
      mistakes.add(
          line(node),
          "%s must be keys with values".formatted(prefix.isEmpty() ? "the file" : prefix));
    }
    return Optional.empty();
  }

  /** A value that a parser understands, or the default. */
  <T> T value(String key, T otherwise, String wanted, Function<String, Optional<T>> parser) {
    return value(key, wanted, parser).orElse(otherwise);
  }

  /** A value that a parser understands, if it is there. The parser's empty means a mistake. */
  <T> Optional<T> value(String key, String wanted, Function<String, Optional<T>> parser) {
    NodeTuple pair = left.remove(key);
    if (pair == null) {
      return Optional.empty();
    }
    Node node = pair.getValueNode();
    if (node instanceof ScalarNode scalar) {
      Optional<T> parsed = parser.apply(scalar.getValue());
      if (parsed.isEmpty()) {
        mistakes.add(
            line(node), "'%s%s' is '%s', not %s".formatted(prefix, key, scalar.getValue(), wanted));
      }
      return parsed;
    }
    mistakes.add(line(node), "'%s%s' must be %s".formatted(prefix, key, wanted));
    return Optional.empty();
  }

  Optional<YamlMapping> mapping(String key) {
    NodeTuple pair = left.remove(key);
    return pair == null ? Optional.empty() : of(pair.getValueNode(), prefix + key + ".", mistakes);
  }

  List<String> words(String key) {
    NodeTuple pair = left.remove(key);
    List<String> words = new ArrayList<>();
    if (pair != null && pair.getValueNode() instanceof SequenceNode sequence) {
      for (Node each : sequence.getValue()) {
        if (each instanceof ScalarNode word) {
          words.add(word.getValue());
        } else {
          mistakes.add(line(each), "'%s%s' must hold names".formatted(prefix, key));
        }
      }
    } else if (pair != null && !isEmpty(pair.getValueNode())) {
      mistakes.add(
          line(pair.getValueNode()),
          "'%s%s' must be a list, such as [alice]".formatted(prefix, key));
    }
    return words;
  }

  /** The keys not asked for yet. */
  List<String> keys() {
    return List.copyOf(left.keySet());
  }

  int lineOf(String key) {
    NodeTuple pair = left.get(key);
    return pair == null ? line : line(pair.getKeyNode());
  }

  int line() {
    return line;
  }

  /** To be called when everything known was asked for. */
  void refuseTheRest() {
    left.forEach(
        (key, pair) ->
            mistakes.add(line(pair.getKeyNode()), "unknown key '%s'".formatted(prefix + key)));
  }

  private static boolean isEmpty(Node node) {
    return node instanceof ScalarNode scalar && scalar.getValue().isEmpty();
  }

  private static int line(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
  }
}
