package io.drover.chunk;

import io.drover.model.ByteSize;
import io.drover.model.Problem;
import java.util.List;

/**
 * What a store holds.
 *
 * @param names in the index
 * @param indexMemory that the index takes
 * @param checkpoints on disk, with their catalogues
 * @param cache on disk, with its catalogues
 * @param refused files of the store that cannot be used
 */
public record StoreStatus(
    long names,
    ByteSize indexMemory,
    ByteSize checkpoints,
    ByteSize cache,
    StoreLimits limits,
    List<SourceStatus> sources,
    List<Problem> refused) {
  public StoreStatus {
    sources = List.copyOf(sources);
    refused = List.copyOf(refused);
  }
}
