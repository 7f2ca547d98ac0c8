/** The daemon: composes the port, the local API, the journal and the guests of one host. */
@NullMarked
package io.drover.agent;

import org.jspecify.annotations.NullMarked;
