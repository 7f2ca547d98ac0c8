package io.drover.api;

/** The body of {@code POST /v1/migrations/ID/resolve}: {@code run} or {@code discard}. */
public record Resolution(String decision) {}
