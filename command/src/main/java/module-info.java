/** The drover command, put together from the agent, the client verbs and the lab. */
module io.drover.command {
  requires static org.jspecify;
  requires io.drover.api;
  requires io.drover.cli;
  requires io.drover.agent;
  requires io.drover.lab;
  requires info.picocli;

  exports io.drover.command;

  opens io.drover.command to
      info.picocli;
}
