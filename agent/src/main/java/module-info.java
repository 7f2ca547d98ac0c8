/** The daemon: composes the port, the local API, the journal and the guests of one host. */
module io.drover.agent {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires io.drover.wire;
  requires io.drover.api;
  requires io.drover.chunk;
  requires io.drover.linux;
  requires io.drover.network;
  requires io.drover.migration;
  requires io.drover.tunnel;
  requires io.drover.qemu;
  requires org.snakeyaml.engine;
  requires info.picocli;
  requires org.slf4j;
  requires ch.qos.logback.classic;
  requires jdk.net;

  exports io.drover.agent;

  opens io.drover.agent to
      info.picocli,
      tools.jackson.databind;
}
