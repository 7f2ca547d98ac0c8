/** The words of Drover as records: ids, sizes, rates, phases, outcomes and error codes. */
module io.drover.model {
  requires static org.jspecify;

  exports io.drover.model;
}
