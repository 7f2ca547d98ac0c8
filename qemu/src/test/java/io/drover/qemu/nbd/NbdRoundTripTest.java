package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both ends together, against a model in memory. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdRoundTripTest {
  private static final int WRITERS = 8;
  private static final int REGION = 1 << 20;

  @Test
  void randomRequestsFromManyThreadsDoWhatTheyWouldInMemory() throws Exception {
    for (long seed = 1; seed <= 3; seed++) {
      run(seed);
    }
  }

  private static void run(long seed) throws Exception {
    Path directory = Files.createTempDirectory("nbd");
    MemoryDevice device = new MemoryDevice(WRITERS * REGION);
    LinkedBlockingQueue<NbdEnd> ends = new LinkedBlockingQueue<>();
    NbdServer server = new NbdServer("disk0", device, NbdLimits.DEFAULT, MemoryBudget.boundless());
    // Through two servers and two clients, as a mirror goes.
    NbdListener far = new NbdListener(directory.resolve("far"), server, ends::add);
    try (far) {
      try (NbdClient middle =
          NbdClient.connect(directory.resolve("far"), "disk0", NbdLimits.DEFAULT)) {
        NbdServer copy =
            new NbdServer("disk0", middle, NbdLimits.DEFAULT, MemoryBudget.boundless());
        NbdListener near = new NbdListener(directory.resolve("near"), copy, ends::add);
        try (near) {
          try (NbdClient client =
              NbdClient.connect(directory.resolve("near"), "", NbdLimits.DEFAULT)) {
            assertThat(client.features()).isEqualTo(device.features());
            run(seed, client, device);
          }
          assertThat(ends.poll(30, TimeUnit.SECONDS)).isEqualTo(new NbdEnd.Disconnected());
        }
      }
      assertThat(ends.poll(30, TimeUnit.SECONDS)).isEqualTo(new NbdEnd.Disconnected());
    }
    Files.delete(directory);
  }

  private static void run(long seed, NbdClient client, MemoryDevice device) throws Exception {
    List<CompletableFuture<byte[]>> models = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      models.add(write(client, new Random(seed * 100 + i), (long) i * REGION));
    }
    for (int i = 0; i < WRITERS; i++) {
      byte[] model = models.get(i).get(60, TimeUnit.SECONDS);
      ByteBuffer actual = ByteBuffer.wrap(device.bytes, i * REGION, REGION);
      assertThat(actual).as("seed %d, writer %d", seed, i).isEqualTo(ByteBuffer.wrap(model));
    }
  }

  private static CompletableFuture<byte[]> write(NbdClient client, Random random, long start) {
    CompletableFuture<byte[]> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                byte[] model = new byte[REGION];
                for (int i = 0; i < 150; i++) {
                  step(client, random, start, model);
                }
                done.complete(model);
              } catch (Exception | AssertionError e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private static void step(NbdClient client, Random random, long start, byte[] model)
      throws Exception {
    int at = random.nextInt(REGION);
    int length = Math.min(1 + random.nextInt(1 << random.nextInt(19)), REGION - at);
    switch (random.nextInt(7)) {
      case 0, 1 -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, model, at, length);
        client.write(start + at, buffer(random, length).put(bytes).flip(), RequestFlags.DURABLE);
      }
      case 2, 3 -> {
        ByteBuffer target = buffer(random, length);
        client.read(start + at, target);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(model, at, length));
      }
      case 4 -> {
        client.writeZeroes(start + at, length, RequestFlags.NONE);
        Arrays.fill(model, at, at + length, (byte) 0);
      }
      case 5 -> {
        client.trim(start + at, length, RequestFlags.NONE); // to the device in memory, the same
        Arrays.fill(model, at, at + length, (byte) 0);
      }
      default -> {
        client.flush();
        checkHoles(client, start, at, length, model);
      }
    }
  }

  private static void checkHoles(NbdClient client, long start, int at, int length, byte[] model)
      throws Exception {
    int position = at;
    for (Extent extent : client.allocation(start + at, length)) {
      if (extent.state() == Extent.State.HOLE_OF_ZEROES) {
        int end = position + (int) extent.length();
        assertThat(ByteBuffer.wrap(model, position, end - position))
            .isEqualTo(ByteBuffer.allocate(end - position));
      }
      position += (int) extent.length();
    }
    assertThat(position).isEqualTo(at + length);
  }

  private static ByteBuffer buffer(Random random, int length) {
    return random.nextBoolean() ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
  }
}
