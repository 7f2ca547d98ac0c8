package io.drover.network;

import java.time.Duration;
import java.util.List;

/** Runs this host's own tools: ip, bridge, nft, conntrack. */
public interface Commands {
  /**
   * Runs one to its end.
   *
   * @param input what it reads; its end comes after that
   * @throws io.drover.model.ProblemException if it cannot be run or takes longer than the limit
   */
  Output run(Duration limit, String input, List<String> command);

  /** What it said, and its exit code. */
  record Output(int code, String out, String err) {
    public boolean isGood() {
      return code == 0;
    }
  }
}
