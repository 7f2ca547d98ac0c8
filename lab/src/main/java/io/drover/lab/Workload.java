package io.drover.lab;

import io.drover.model.Problem;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a lab guest does; chosen on its kernel's command line. */
sealed interface Workload {
  /** Nothing; what the kernel does not need stays zero. */
  record Idle() implements Workload {
    @Override
    public String word() {
      return "idle";
    }

    @Override
    public int mebibytes() {
      return 0;
    }
  }

  /** Fills memory once with words that do not compress, then idles. */
  record Touched(int mebibytes) implements Workload {
    @Override
    public String word() {
      return "touch," + mebibytes;
    }
  }

  /** As {@link Touched}, then times the reads of random pages: see {@link ProbedReads}. */
  record Probed(int mebibytes) implements Workload {
    @Override
    public String word() {
      return "probe," + mebibytes;
    }
  }

  /**
   * Rewrites memory and knows what every byte of it has to be.
   *
   * @param megabytesPerSecond 0 means as fast as it goes
   */
  record Verified(int mebibytes, int megabytesPerSecond) implements Workload {
    @Override
    public String word() {
      return "mem," + mebibytes + "," + megabytesPerSecond;
    }
  }

  /** Like {@link Verified}, but flips a bit itself; proves that the check would notice. */
  record Corrupted(int mebibytes, int megabytesPerSecond, int afterSeconds) implements Workload {
    @Override
    public String word() {
      return "mem," + mebibytes + "," + megabytesPerSecond + "," + afterSeconds;
    }
  }

  /**
   * Like {@link Verified}, but rewrites only the first {@code part} mebibytes of what it checks.
   */
  record Worked(int mebibytes, int megabytesPerSecond, int part) implements Workload {
    @Override
    public String word() {
      return "mem," + mebibytes + "," + megabytesPerSecond + ",0," + part;
    }
  }

  /** The program {@code stress}: rewrites memory as fast as it goes. */
  record Stress(int mebibytes) implements Workload {
    @Override
    public String word() {
      return "stress," + mebibytes;
    }
  }

  /** The program {@code stress-ng} with its own verification. */
  record StressNg(int mebibytes) implements Workload {
    @Override
    public String word() {
      return "stress-ng," + mebibytes;
    }
  }

  /** Answers the network probes, a {@link ClientProbe} each; never speaks first. */
  record Serving() implements Workload {
    @Override
    public String word() {
      return "serve";
    }

    @Override
    public int mebibytes() {
      return 0;
    }
  }

  Pattern STRESS = Pattern.compile("([0-9]{1,6})(?:,([0-9]{1,6}))?");

  /** As the guest's init script reads it. */
  String word();

  /** The memory that it keeps busy. */
  int mebibytes();

  /** Reads {@code --stress MB[,MB/s]}. */
  static Workload parseStress(String text) {
    Matcher matcher = STRESS.matcher(text.strip());
    if (!matcher.matches()) {
      throw Problem.usage(
              "bad-stress",
              "'%s' is not a memory load".formatted(text),
              "Write MB or MB,MB/s: for example 256,100.")
          .asException();
    }
    int mebibytes = Integer.parseInt(matcher.group(1));
    if (mebibytes == 0) {
      return new Idle();
    }
    return new Verified(
        mebibytes, matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2)));
  }
}
