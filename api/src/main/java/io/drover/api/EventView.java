package io.drover.api;

import java.util.Optional;

/**
 * One line of {@code GET /v1/events}, a stream of server-sent events named {@code migration} or
 * {@code guest}.
 */
public record EventView(
    long sequence,
    long atEpochMillis,
    String kind,
    Optional<MigrationView> migration,
    Optional<GuestView> guest) {}
