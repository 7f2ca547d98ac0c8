package io.drover.lab;

/** What a benchmark can measure. */
enum Measure {
  TOTAL("total", "ms"),
  CLIENT_GAP("client gap", "ms"),
  DOWNTIME("agents' downtime", "ms"),
  THROUGHPUT("throughput", "MiB/s"),
  LINK_BYTES("bytes on the link", "MiB"),
  LINK_RATE("rate on the link", "Mbit/s"),
  PROCESSOR("processor time", "s/GiB"),
  /** Total time over the time that the non-zero memory takes at line rate. */
  LINE_RATIO("total over ideal", "x"),
  MEMORY_ERRORS("memory errors", "words"),
  WALL("wall time", "ms"),
  HEAP("heap used", "MiB"),
  RESIDENT("resident", "MiB");

  private final String label;
  private final String unit;

  Measure(String label, String unit) {
    this.label = label;
    this.unit = unit;
  }

  String label() {
    return label;
  }

  String unit() {
    return unit;
  }
}
