/**
 * What crosses between two agents for a disk that moves: the changes that the source's hypervisor
 * asks for, and the target's answers. See docs/protocol.md.
 */
@NullMarked
package io.drover.qemu.disk;

import org.jspecify.annotations.NullMarked;
