package io.drover.lab;

import io.drover.report.Yardstick;
import io.drover.report.Yardstick.Better;

/** What a benchmark can measure. */
enum Measure {
  TOTAL("total", "s", Better.LOWER),
  CLIENT_GAP("client gap", "ms", Better.LOWER),
  DOWNTIME("agents' downtime", "ms", Better.LOWER),
  THROUGHPUT("throughput", "MiB/s", Better.HIGHER),
  LINK_BYTES("bytes on the link", "MiB", Better.LOWER),
  LINK_RATE("rate on the link", "Mbit/s", Better.HIGHER),
  SOURCE_PROCESSOR("source's processor time", "s/GiB", Better.LOWER),
  TARGET_PROCESSOR("target's processor time", "s/GiB", Better.LOWER),
  /** How long the guest waited for a page that was still elsewhere, as its own program timed it. */
  FAULT_MEDIAN("wait for a page, p50", "ms", Better.LOWER),
  FAULT_P99("wait for a page, p99", "ms", Better.LOWER),
  /** How many such waits there were, of about a thousand reads a second. */
  FAULTS("waits for a page", "", Better.NEITHER),
  /** Total time over {@link #IDEAL}. */
  LINE_RATIO("total over ideal", "x", Better.LOWER),
  /** How long the guest's non-zero memory takes at line rate; nobody's merit. */
  IDEAL("ideal", "s", Better.NEITHER),
  /** Bytes on the link when the guest came back, over those when it first left. */
  RETURN_SHARE("bytes back over bytes there", "x", Better.LOWER),
  /** When it first left. */
  FIRST_BYTES("bytes there", "MiB", Better.NEITHER),
  /** Memory that was not sent because the target held it. */
  SPARED("held by the target", "MiB", Better.HIGHER),
  /** The same of its disks. */
  DISK_SPARED("disk held by the target", "MiB", Better.HIGHER),
  /** The largest stress that still moves. */
  CONVERGENCE("convergence limit", "MB", Better.HIGHER),
  MEMORY_ERRORS("memory errors", "words", Better.LOWER),
  WALL("wall time", "ms", Better.LOWER),
  SOURCE_HEAP("source's heap used", "MiB", Better.LOWER),
  TARGET_HEAP("target's heap used", "MiB", Better.LOWER),
  SOURCE_RESIDENT("source's resident", "MiB", Better.LOWER),
  TARGET_RESIDENT("target's resident", "MiB", Better.LOWER),

  /** What clients outside saw; see {@link ClientKind}. */
  PING_GAP("ping", "ms", Better.LOWER),
  UDP_GAP("UDP", "ms", Better.LOWER),
  SINK_GAP("UDP to a silent guest", "ms", Better.LOWER),
  TALK_GAP("TCP, messages", "ms", Better.LOWER),
  DOWN_GAP("TCP, stream from the guest", "ms", Better.LOWER),
  UP_GAP("TCP, stream to the guest", "ms", Better.LOWER),
  IDLE_GAP("TCP, idle, woken", "ms", Better.LOWER),
  SHORT_GAP("TCP, short connections", "ms", Better.LOWER),
  WEB_GAP("web pages", "ms", Better.LOWER),
  /** The longest time without a web page, where it may be minutes. */
  DISRUPTION("disruption", "s", Better.LOWER),
  /** Kinds of clients of which a connection ended, or that heard nothing any more. */
  CUT_OFF("kinds of clients cut off", "", Better.LOWER),
  /** What came through although the guest's filter forbids it. */
  FORBIDDEN("forbidden packets let through", "", Better.LOWER),
  /** The longest silence of ping and UDP, without the agents' downtime. */
  DATAGRAM_EXCESS("ping and UDP beyond downtime", "ms", Better.LOWER),
  /** The longest silence of TCP, without the downtime and the time-out that it leads to. */
  CONNECTION_EXCESS("TCP beyond downtime and time-out", "ms", Better.LOWER);

  private final String label;
  private final String unit;
  private final Better better;

  Measure(String label, String unit, Better better) {
    this.label = label;
    this.unit = unit;
    this.better = better;
  }

  String label() {
    return label;
  }

  String unit() {
    return unit;
  }

  Yardstick yardstick() {
    return new Yardstick(label, unit, better);
  }
}
