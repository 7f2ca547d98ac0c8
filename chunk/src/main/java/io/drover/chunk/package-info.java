/**
 * Content by name. Whatever answers to a name is hashed again before it is given away, so nothing
 * here has to be believed: an index that is out of date or a damaged file makes a move slower,
 * never wrong.
 */
@NullMarked
package io.drover.chunk;

import org.jspecify.annotations.NullMarked;
