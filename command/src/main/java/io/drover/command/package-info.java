/** The drover command, put together from the agent, the client verbs and the lab. */
@NullMarked
package io.drover.command;

import org.jspecify.annotations.NullMarked;
