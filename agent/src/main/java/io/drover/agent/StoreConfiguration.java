package io.drover.agent;

import io.drover.chunk.StoreLimits;
import java.nio.file.Path;

/** Where this host keeps what it holds by content, and how much. */
record StoreConfiguration(Path directory, StoreLimits limits) {}
