/** Seeded clock, network and fake hypervisor for simulations. */
@NullMarked
package io.drover.testkit;

import org.jspecify.annotations.NullMarked;
