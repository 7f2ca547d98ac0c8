package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentLockTest {
  @TempDir Path directory;

  @Test
  void keepsASecondAgentOutAndLeavesNothingBehind() throws IOException {
    try (AgentLock held = AgentLock.take(directory)) {
      assertThat(held).isNotNull();
      assertThatThrownBy(() -> AgentLock.take(directory)).isInstanceOf(ProblemException.class);
      assertThat(directory.resolve("agent.lock")).exists();
    }
    assertThat(directory).isEmptyDirectory();
    AgentLock.take(directory).close();
  }
}
