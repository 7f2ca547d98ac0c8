package io.drover.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.drover.model.Problem;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** {@code results.json}, written and read. What is empty is left out. */
final class ResultsJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .enable(
              DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
              DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .changeDefaultPropertyInclusion(
              inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_ABSENT))
          .build();

  private ResultsJson() {}

  static String write(Results results) {
    return MAPPER.writeValueAsString(results) + "\n";
  }

  static Results read(String text) {
    try {
      return MAPPER.readValue(text, Results.class);
    } catch (JacksonException unreadable) {
      throw Problem.usage(
              "bad-results",
              "The text is not a results.json of this version (%s)"
                  .formatted(unreadable.getOriginalMessage()),
              "Use a results.json as 'drover bench' wrote it.")
          .asException(unreadable);
    }
  }
}
