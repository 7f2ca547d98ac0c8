package io.drover.chunk;

import io.drover.model.ByteSize;

/**
 * What a store may take; its catalogues of images come on top, with 20 bytes a chunk.
 *
 * @param index memory for the index
 * @param checkpoints disk for memory of guests that left; 0 keeps none
 * @param cache disk for chunks that came over the network; 0 keeps none
 */
public record StoreLimits(ByteSize index, ByteSize checkpoints, ByteSize cache) {}
