/** Foreign-function bindings to what Linux offers and the JDK does not. */
module io.drover.linux {
  requires static org.jspecify;
  requires transitive io.drover.model;

  exports io.drover.linux;
}
