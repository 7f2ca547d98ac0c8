/** The daily verbs of the drover command, a thin client of the local API. */
module io.drover.cli {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires io.drover.api;
  requires transitive info.picocli;
}
