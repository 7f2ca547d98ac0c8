/*
 * How long a guest waits for a page that is not there yet. Runs inside a lab guest:
 *
 *   faultprobe MB    fill MB mebibytes with incompressible words, then read one word of a random page every millisecond
 *
 * Each read is timed with the processor's own counter, since reading a clock is a trap under emulation and would itself
 * wait while QEMU is busy. The counter stands still with the guest, so a switch's standstill is no part of it. Twice a
 * second a line tells how many reads there were since the beginning, and how many of them were slow, by duration: bucket
 * b of "b:count" begins at 2^(b/8) nanoseconds, eight to each doubling. Whoever wants to know about a move subtracts what
 * was said before it. Quicker ones than SLOW are not counted: without a move nearly all reads take less (see
 * docs/benchmarks.md).
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = 512, BUCKETS = 320, SLOW_NANOSECONDS = 50000 };

static uint64_t slow[BUCKETS];

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static inline uint64_t ticks(void) {
  uint32_t low, high;
  __asm__ volatile("lfence\nrdtsc\nlfence" : "=a"(low), "=d"(high)::"memory");
  return (uint64_t)high << 32 | low;
}

static double ticks_per_nanosecond(void) {
  struct timespec pause = {0, 200000000};
  uint64_t t = now(), c = ticks();
  nanosleep(&pause, 0);
  return (double)(ticks() - c) / (double)(now() - t);
}

static uint64_t next(uint64_t *x) {
  *x ^= *x << 13;
  *x ^= *x >> 7;
  *x ^= *x << 17;
  return *x;
}

static void say(double seconds, uint64_t reads) {
  char line[4096];
  size_t at = snprintf(line, sizeof line, "DROVER probe t=%.3f reads=%llu slow=", seconds, (unsigned long long)reads);
  for (int b = 0; b < BUCKETS; b++) {
    if (slow[b] && at < sizeof line - 64) {
      at += snprintf(line + at, sizeof line - at, "%d:%llu,", b, (unsigned long long)slow[b]);
    }
  }
  at += snprintf(line + at, sizeof line - at, " ok\n");
  for (size_t done = 0; done < at;) {
    ssize_t n = write(1, line + done, at - done);
    if (n <= 0) return;
    done += n;
  }
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  uint64_t pages = strtoull(argv[1], 0, 10) << 8, x = 88172645463325252u, reads = 0, sum = 0;
  if (pages == 0) return 2;
  uint64_t *memory = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    puts("\nDROVER mem-failed reason=out-of-memory ok");
    return 1;
  }
  for (uint64_t i = 0; i < pages * WORDS; i++) memory[i] = next(&x);
  double rate = ticks_per_nanosecond();
  uint64_t start = now(), told = start;
  for (;;) {
    struct timespec pause = {0, 1000000};
    volatile uint64_t *word = memory + next(&x) % pages * WORDS;
    uint64_t before = ticks();
    uint64_t value = *word;
    uint64_t took = ticks() - before;
    sum += value;
    reads++;
    double nanoseconds = took / rate;
    if (nanoseconds >= SLOW_NANOSECONDS) {
      int bucket = (int)(log2(nanoseconds) * 8);
      slow[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    }
    uint64_t t = now();
    if (t - told >= 500000000) {
      say((t - start) / 1e9, reads);
      told = t;
    }
    nanosleep(&pause, 0);
  }
  return (int)sum;
}
