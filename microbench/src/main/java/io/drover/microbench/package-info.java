/** How fast the inner loops are. Never gates anything: run by hand, before and after a change. */
@NullMarked
package io.drover.microbench;

import org.jspecify.annotations.NullMarked;
