/** What keeps a guest reachable when it moves; see docs/continuity.md. */
@NullMarked
package io.drover.network;

import org.jspecify.annotations.NullMarked;
