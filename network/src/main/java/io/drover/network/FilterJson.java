package io.drover.network;

import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What nft's JSON says, as far as moving and comparing tables needs to know. */
final class FilterJson {
  private static final int MAX_DEPTH = 64;

  /** What a table may hold. Everything else that nft takes as JSON is a command. */
  private static final Set<String> KINDS =
      Set.of(
          "table",
          "chain",
          "rule",
          "set",
          "map",
          "counter",
          "quota",
          "limit",
          "ct helper",
          "ct timeout",
          "ct expectation",
          "synproxy");

  private static final Pattern CHAIN_DEVICE =
      Pattern.compile("chain (\\S+) \\{\\s+type \\S+ hook \\S+ device \"([^\"]+)\"");

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .build();

  private FilterJson() {}

  /** A listing's tables: those of this name, as {@code nft -j list tables} answers. */
  static List<String> families(String listing, String name) {
    List<String> families = new ArrayList<>();
    for (JsonNode object : read(listing).path("nftables")) {
      JsonNode table = object.path("table");
      if (table.path("name").asString("").equals(name)) {
        families.add(table.path("family").asString(""));
      }
    }
    families.sort(Comparator.naturalOrder());
    return families;
  }

  /**
   * Tells each base chain of the netdev family which device it hooks: nft's JSON leaves that out
   * (as of 1.0.6) and cannot be loaded without it, its text has it.
   */
  static FilterTable withDevices(FilterTable table, String text) {
    JsonNode objects = read(table.objects());
    for (MatchResult found : CHAIN_DEVICE.matcher(text).results().toList()) {
      for (JsonNode object : objects) {
        if (object.path("chain") instanceof ObjectNode chain
            && chain.path("name").asString("").equals(found.group(1))) {
          chain.put("dev", found.group(2));
        }
      }
    }
    return new FilterTable(table.family(), table.name(), MAPPER.writeValueAsString(objects));
  }

  /** One table of {@code nft -j list table}: its objects without what only this host knows. */
  static FilterTable table(String listing, String family, String name) {
    ArrayNode objects = MAPPER.createArrayNode();
    for (JsonNode object : read(listing).path("nftables")) {
      if (!object.has("metainfo")) {
        for (JsonNode body : object) {
          if (body instanceof ObjectNode mutable) {
            mutable.remove("handle");
          }
        }
        objects.add(object);
      }
    }
    return new FilterTable(family, name, MAPPER.writeValueAsString(objects));
  }

  /**
   * What makes nft replace this table, and no other, in one transaction.
   *
   * @throws io.drover.model.ProblemException if there is anything in it but the table's own objects
   */
  static void replace(FilterTable table, ArrayNode commands) {
    ObjectNode itself = MAPPER.createObjectNode();
    itself.put("family", table.family()).put("name", table.name());
    commands.addObject().putObject("add").set("table", itself.deepCopy());
    commands.addObject().putObject("delete").set("table", itself.deepCopy());
    JsonNode objects = read(table.objects());
    if (!objects.isArray()) {
      throw foreign(table, "no list");
    }
    for (JsonNode object : objects) {
      if (object.size() != 1) {
        throw foreign(table, "an object with %d members".formatted(object.size()));
      }
      for (Map.Entry<String, JsonNode> entry : object.properties()) {
        String belongsTo = entry.getKey().equals("table") ? "name" : "table";
        if (!KINDS.contains(entry.getKey())
            || !entry.getValue().path("family").asString("").equals(table.family())
            || !entry.getValue().path(belongsTo).asString("").equals(table.name())) {
          throw foreign(table, "a '%s'".formatted(entry.getKey()));
        }
      }
      commands.addObject().set("add", object);
    }
  }

  /** What makes nft remove a table that is there. */
  static void remove(String family, String name, ArrayNode commands) {
    ObjectNode itself = MAPPER.createObjectNode();
    itself.put("family", family).put("name", name);
    commands.addObject().putObject("delete").set("table", itself);
  }

  static ArrayNode commands() {
    return MAPPER.createArrayNode();
  }

  static String document(ArrayNode commands) {
    ObjectNode document = MAPPER.createObjectNode();
    document.set("nftables", commands);
    return MAPPER.writeValueAsString(document);
  }

  private static RuntimeException foreign(FilterTable table, String what) {
    return Problem.peer(
            "bad-filter",
            "The filter table '%s' holds %s that is not its own".formatted(table.name(), what),
            "Run the same release of Drover on both hosts.")
        .asException();
  }

  /**
   * The same text for tables that filter alike: members in order, without counters' values and
   * without the elements of sets that fill and empty themselves.
   */
  static String canonical(String objects) {
    JsonNode root = read(objects);
    clean(root);
    List<String> texts = new ArrayList<>();
    for (JsonNode object : root) {
      texts.add(MAPPER.writeValueAsString(object));
    }
    // Rules count by their order; what else there is does not, and nft lists it as it likes.
    return String.join(
            "\n", texts.stream().filter(each -> !each.startsWith("{\"rule\"")).sorted().toList())
        + "\n"
        + String.join("\n", texts.stream().filter(each -> each.startsWith("{\"rule\"")).toList());
  }

  private static void clean(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.remove(List.of("handle", "packets", "bytes", "used", "expires", "last"));
      boolean fleeting = false;
      for (JsonNode flag : object.path("flags")) {
        String word = flag.asString("");
        fleeting |= word.equals("timeout") || word.equals("dynamic");
      }
      if (fleeting) {
        object.remove("elem");
      }
      if (object.get("elem") instanceof ArrayNode elements) {
        List<JsonNode> sorted = new ArrayList<>();
        elements.forEach(sorted::add);
        sorted.forEach(FilterJson::clean);
        sorted.sort(Comparator.comparing(JsonNode::toString));
        elements.removeAll();
        elements.addAll(sorted);
      }
    }
    node.forEach(FilterJson::clean);
  }

  private static JsonNode read(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw Problem.peer(
              "bad-filter",
              "A filter is no JSON: " + e.getOriginalMessage(),
              "Check that nftables is built with JSON.")
          .asException(e);
    }
  }
}
