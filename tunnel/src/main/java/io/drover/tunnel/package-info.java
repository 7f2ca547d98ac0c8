/** The one port: TLS, certificates, channels and the relay between a channel and QEMU. */
@NullMarked
package io.drover.tunnel;

import org.jspecify.annotations.NullMarked;
