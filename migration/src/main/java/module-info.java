/** How a migration proceeds: pure state machines, the ports they act through, and mode choice. */
module io.drover.migration {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires transitive io.drover.wire;

  exports io.drover.migration;
}
