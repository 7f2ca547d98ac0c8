package io.drover.qemu;

import tools.jackson.databind.JsonNode;

/** What QEMU said unasked, with the {@link System#nanoTime()} at which it was read. */
record QmpEvent(String name, JsonNode data, long atNanos) {}
