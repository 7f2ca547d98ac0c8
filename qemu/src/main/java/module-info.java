/** Drives QEMU: QMP, launching, and the migration stream. */
module io.drover.qemu {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires transitive io.drover.migration;
  requires transitive io.drover.chunk;
  requires io.drover.linux;
  requires tools.jackson.databind;
  requires org.slf4j;

  exports io.drover.qemu;
  exports io.drover.qemu.disk;
  exports io.drover.qemu.nbd;
}
