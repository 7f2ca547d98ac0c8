/** How a migration proceeds: pure state machines, the ports they act through, and mode choice. */
@NullMarked
package io.drover.migration;

import org.jspecify.annotations.NullMarked;
