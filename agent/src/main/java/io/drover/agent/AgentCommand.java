package io.drover.agent;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code drover agent}: the daemon, in the foreground. */
@Command(
    name = "agent",
    description = "Run this host's agent in the foreground; a service manager keeps it running.")
public final class AgentCommand implements Callable<Integer> {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Its configuration. Default: /etc/drover/agent.yaml")
  private Path file = AgentConfiguration.DEFAULT_FILE;

  @Override
  public Integer call() throws InterruptedException {
    Logger log = LoggerFactory.getLogger(AgentCommand.class);
    AgentConfiguration configuration = ConfigurationFile.read(file, SystemName.read());
    AgentLog.level(configuration.logLevel());
    Agent agent = Agent.start(configuration);
    CountDownLatch stopping = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .unstarted(
                    () -> {
                      try {
                        agent.close();
                      } catch (java.io.IOException | RuntimeException e) {
                        log.warn("stopping: {}", e.getMessage());
                      }
                      stopping.countDown();
                    }));
    stopping.await();
    return 0;
  }
}
