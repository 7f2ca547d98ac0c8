/** Hosts, links, guests and experiments made on one machine. */
module io.drover.lab {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires io.drover.api;
  requires io.drover.linux;
  requires transitive info.picocli;
}
