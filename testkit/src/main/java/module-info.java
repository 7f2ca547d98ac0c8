/** Seeded clock, network and fake hypervisor for simulations. */
module io.drover.testkit {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires transitive io.drover.wire;
  requires transitive io.drover.migration;
}
