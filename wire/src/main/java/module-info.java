/** What two agents say to each other: messages, their one codec, versions and limits. */
module io.drover.wire {
  requires static org.jspecify;
  requires transitive io.drover.model;

  exports io.drover.wire;
}
