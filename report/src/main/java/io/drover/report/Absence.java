package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Optional;

/**
 * A contender that could not be measured.
 *
 * @param caseName where; empty if nowhere
 * @param reason one sentence
 */
public record Absence(
    String contender, @JsonProperty("case") Optional<String> caseName, String reason) {}
