package io.drover.microbench;

import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestName;
import io.drover.model.MigrationOptions;
import io.drover.model.NetworkCard;
import io.drover.model.Transport;
import io.drover.model.Version;
import io.drover.wire.PeerMessage;
import io.drover.wire.WireCodec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What two agents say to each other, to bytes and back: the largest message and the commonest. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {
  private final PeerMessage prepare = prepare();
  private final byte[] prepareBytes = WireCodec.encode(prepare);
  private long sequence;

  private static PeerMessage prepare() {
    return new PeerMessage.Prepare(
        new GuestDefinition(
            new GuestName("web"),
            "12345678-1234-1234-1234-123456789abc",
            ByteSize.ofMebibytes(512),
            2,
            "pc-i440fx-7.2",
            "qemu64",
            Optional.of("/boot/vmlinuz"),
            Optional.empty(),
            "quiet",
            List.of(new NetworkCard("52:54:00:12:34:56", "br0")),
            Optional.of("/run/web.log"),
            Optional.empty()),
        new MigrationOptions(
            io.drover.model.Mode.PRECOPY,
            Transport.TUNNEL,
            Optional.of(new ByteRate(125_000_000)),
            Duration.ofMillis(100),
            4,
            io.drover.model.Dedup.AUTO),
        true,
        false,
        new Version(10, 0, 2),
        "tcg",
        List.of(new PeerMessage.FileDigest("/boot/vmlinuz", "ab".repeat(32))),
        List.of(),
        0,
        false);
  }

  @Benchmark
  public byte[] encodePrepare() {
    return WireCodec.encode(prepare);
  }

  @Benchmark
  public PeerMessage decodePrepare() {
    return WireCodec.decodePeerMessage(prepareBytes);
  }

  @Benchmark
  public PeerMessage heartbeatThereAndBack() {
    return WireCodec.decodePeerMessage(WireCodec.encode(new PeerMessage.Heartbeat(sequence++)));
  }
}
