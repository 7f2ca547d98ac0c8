/** The daily verbs of the drover command, a thin client of the local API. */
module io.drover.cli {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires io.drover.api;
  requires transitive info.picocli;
  requires org.snakeyaml.engine;

  exports io.drover.cli;

  opens io.drover.cli to
      info.picocli;
}
