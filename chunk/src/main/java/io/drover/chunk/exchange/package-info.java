/**
 * The exchange of content by name: a stream of bytes in which chunks are named before they are
 * sent, and only those are sent that the far side does not hold.
 *
 * <p>The sender puts literal bytes and chunks into batches and announces each with the chunks'
 * names; the receiver answers which it wants; the sender sends those. Batches are on their way
 * while others wait for their answer, so a round trip idles nobody. The receiver gives the stream
 * out byte for byte and in order. What goes the other way is carried along.
 */
@NullMarked
package io.drover.chunk.exchange;

import org.jspecify.annotations.NullMarked;
