package io.drover.lab;

import io.drover.model.ByteRate;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How a link behaves, as options of several verbs. */
final class LinkOptions {
  @Option(
      names = "--rate",
      paramLabel = "RATE",
      defaultValue = "",
      description = "Limit the migration link: 1gbit, 200mbit. Default: no limit.")
  private String rate = "";

  @Option(
      names = "--delay",
      paramLabel = "MS",
      defaultValue = "0",
      description = "Delay of the migration link, one way.")
  private int delayMillis;

  @Option(
      names = "--loss",
      paramLabel = "PERCENT",
      defaultValue = "0",
      description = "Frames that the migration link loses.")
  private double lossPercent;

  @Option(
      names = "--reorder",
      paramLabel = "PERCENT",
      defaultValue = "0",
      description = "Frames that overtake the delay.")
  private double reorderPercent;

  LinkShape shape() {
    return shape(rate);
  }

  /** With a rate for the case that none was given. */
  LinkShape shape(String otherwise) {
    String wanted = rate.isEmpty() ? otherwise : rate;
    return new LinkShape(
        wanted.isEmpty() || wanted.equals("none")
            ? Optional.empty()
            : Optional.of(ByteRate.parse(wanted)),
        delayMillis,
        lossPercent,
        reorderPercent);
  }
}
