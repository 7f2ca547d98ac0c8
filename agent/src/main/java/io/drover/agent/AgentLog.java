package io.drover.agent;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** How much the agent logs. */
final class AgentLog {
  private AgentLog() {}

  static void level(LogLevel level) {
    if (LoggerFactory.getLogger("io.drover") instanceof Logger logger) {
      logger.setLevel(
          switch (level) {
            case ERROR -> Level.ERROR;
            case WARN -> Level.WARN;
            case INFO -> Level.INFO;
            case DEBUG -> Level.DEBUG;
          });
    }
  }
}
