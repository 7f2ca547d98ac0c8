package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A run that failed.
 *
 * @param run counted from 1
 * @param reason one sentence
 */
public record Failure(
    String contender, @JsonProperty("case") String caseName, int run, String reason) {}
