/** Seeded clock, network, fake hypervisors and agents for simulations of a migration. */
module io.drover.testkit {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires transitive io.drover.wire;
  requires transitive io.drover.migration;

  exports io.drover.testkit;
}
