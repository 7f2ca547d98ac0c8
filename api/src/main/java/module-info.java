/** The local API: its records, its JSON, and a client and a server for it over any byte stream. */
module io.drover.api {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires tools.jackson.databind;

  exports io.drover.api;

  opens io.drover.api to
      tools.jackson.databind;
}
