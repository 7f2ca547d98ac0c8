package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import java.util.Optional;

/**
 * Something that is compared.
 *
 * @param against the stock contender that a contender of Drover's stands beside in the tables, or
 *     that a published one corresponds to; a published one without stands beside all of them
 */
public record ContenderKey(String name, Kind kind, Optional<String> against) {
  /** Whose it is. */
  public enum Kind {
    @JsonProperty("drover")
    DROVER,
    @JsonProperty("stock")
    STOCK,
    @JsonProperty("published")
    PUBLISHED,
    /** No contender but what is possible at best, such as the line rate; drawn as a thin line. */
    @JsonProperty("limit")
    LIMIT;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public static ContenderKey drover(String name, String against) {
    return new ContenderKey(name, Kind.DROVER, Optional.of(against));
  }

  /** One that has no counterpart among the stock tools. */
  public static ContenderKey drover(String name) {
    return new ContenderKey(name, Kind.DROVER, Optional.empty());
  }

  public static ContenderKey stock(String name) {
    return new ContenderKey(name, Kind.STOCK, Optional.empty());
  }

  public static ContenderKey published(String name) {
    return new ContenderKey(name, Kind.PUBLISHED, Optional.empty());
  }

  public static ContenderKey published(String name, String against) {
    return new ContenderKey(name, Kind.PUBLISHED, Optional.of(against));
  }

  public static ContenderKey limit(String name) {
    return new ContenderKey(name, Kind.LIMIT, Optional.empty());
  }
}
