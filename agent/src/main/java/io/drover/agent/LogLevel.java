package io.drover.agent;

/** How much the agent logs. */
enum LogLevel {
  ERROR,
  WARN,
  INFO,
  DEBUG
}
