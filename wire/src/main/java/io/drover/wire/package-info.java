/** What two agents say to each other: messages, their one codec, versions and limits. */
@NullMarked
package io.drover.wire;

import org.jspecify.annotations.NullMarked;
