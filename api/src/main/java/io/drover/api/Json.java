package io.drover.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.drover.model.Problem;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The one way records become JSON and back. What a person or program sends is read strictly: an
 * unknown, doubled or missing member is a mistake to be told. What an agent answers is read
 * leniently, so that an older client understands a newer agent. Both are bounded in depth and size.
 * An empty {@code Optional} is left out of the text.
 */
public final class Json {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_NAME_CHARACTERS = 256;
  private static final long MAX_DOCUMENT_CHARACTERS = 64L << 20;

  // Immutable once built; making one takes longer than most commands, so there is one of each.
  private static final JsonMapper LENIENT = builder().build();

  /** Made on first use: a client that only shows things never needs it. */
  private static final class Strict {
    private static final JsonMapper MAPPER =
        builder()
            .enable(
                DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();
  }

  private Json() {}

  private static JsonMapper.Builder builder() {
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNameLength(MAX_NAME_CHARACTERS)
                    .maxDocumentLength(MAX_DOCUMENT_CHARACTERS)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    return JsonMapper.builder(factory)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
        .changeDefaultPropertyInclusion(
            inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_ABSENT));
  }

  public static String write(Object value) {
    return LENIENT.writeValueAsString(value);
  }

  public static byte[] writeBytes(Object value) {
    return LENIENT.writeValueAsBytes(value);
  }

  /** Reads what somebody asks for; says where and why it cannot be read. */
  public static <T> T readRequest(String text, Class<T> type) {
    return guarded(() -> Strict.MAPPER.readValue(text, type));
  }

  /** Reads what an agent answered or a journal holds. */
  public static <T> T readView(String text, Class<T> type) {
    return guarded(() -> LENIENT.readValue(text, type));
  }

  public static <T> List<T> readViews(String text, Class<T> type) {
    JavaType list = LENIENT.getTypeFactory().constructCollectionType(List.class, type);
    return guarded(() -> LENIENT.<List<T>>readValue(text, list));
  }

  private static <T> T guarded(Supplier<@Nullable T> reading) {
    try {
      T value = reading.get();
      if (value == null) {
        throw malformed("it is null", 0);
      }
      return value;
    } catch (JacksonException e) {
      throw malformed(reason(e), line(e));
    }
  }

  /**
   * Which member is wrong and why, without Jackson's quotation of the input and its class names.
   */
  private static String reason(JacksonException e) {
    String path =
        e.getPath().stream()
            .map(
                step ->
                    step.getPropertyName() == null
                        ? "[" + step.getIndex() + "]"
                        : step.getPropertyName())
            .collect(Collectors.joining("."));
    String message = e.getOriginalMessage();
    if (e instanceof tools.jackson.databind.exc.UnrecognizedPropertyException unknown) {
      return "it has an unknown member '%s'".formatted(unknown.getPropertyName());
    }
    if (e instanceof DatabindException) {
      if (message.startsWith("Trailing token")) {
        return "something follows it";
      }
      return path.isEmpty()
          ? "it does not have the expected form"
          : message.contains("null")
              ? "member '%s' is missing or null".formatted(path)
              : "member '%s' has the wrong type".formatted(path);
    }
    return message.replaceAll("\\s+", " ");
  }

  private static int line(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    return location == null ? 0 : Math.max(0, location.getLineNr());
  }

  private static RuntimeException malformed(String reason, int line) {
    return Problem.usage(
            "bad-json",
            line > 0
                ? "The JSON cannot be used (line %d): %s".formatted(line, reason)
                : "The JSON cannot be used: " + reason,
            "docs/openapi.yaml describes every request and answer.")
        .asException();
  }
}
