/** Content by name: names, an index over what this host holds, and the store behind it. */
module io.drover.chunk {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires com.github.luben.zstd_jni;

  exports io.drover.chunk;
  exports io.drover.chunk.exchange;
}
