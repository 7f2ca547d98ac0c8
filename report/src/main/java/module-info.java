/**
 * From measured numbers to JSON, CSV, charts and a page that is understood without reading code.
 */
module io.drover.report {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires tools.jackson.databind;
  requires java.desktop;

  exports io.drover.report;

  opens io.drover.report to
      tools.jackson.databind;
}
