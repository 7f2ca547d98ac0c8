/**
 * Both ends of an NBD connection: a server that a hypervisor's disk mirror writes to, and a client
 * of the hypervisor that receives it. What is between the two is the caller's.
 */
@NullMarked
package io.drover.qemu.nbd;

import org.jspecify.annotations.NullMarked;
