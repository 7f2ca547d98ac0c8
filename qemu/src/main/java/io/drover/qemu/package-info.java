/** Drives QEMU: QMP, launching, and the migration stream. */
@NullMarked
package io.drover.qemu;

import org.jspecify.annotations.NullMarked;
