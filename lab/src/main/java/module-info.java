/** Hosts, links, guests and experiments made on one machine. */
module io.drover.lab {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires transitive io.drover.api;
  requires io.drover.linux;
  requires io.drover.report;
  requires org.slf4j;
  requires org.snakeyaml.engine;
  requires tools.jackson.databind;
  requires transitive info.picocli;

  exports io.drover.lab;

  opens io.drover.lab to
      tools.jackson.databind,
      info.picocli;
}
