/** What keeps a guest reachable when it moves: announcements, filters, routes, tunnels, names. */
module io.drover.network {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires io.drover.linux;
  requires tools.jackson.databind;
  requires java.net.http;
  requires org.dnsjava;
  requires org.slf4j;

  exports io.drover.network;

  opens io.drover.network to
      tools.jackson.databind;
}
