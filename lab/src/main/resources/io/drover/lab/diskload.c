/*
 * Drover's verified disk load. Runs inside a lab guest, on its own, and knows what every byte of its
 * part of the disk has to be: the content of a block is a function of its number and its generation.
 *
 *   diskload DEVICE MB RATE   write the first MB mebibytes once, then random runs of blocks, RATE MB
 *                             a second (0: full speed)
 *
 * A write counts once the disk has acknowledged it, past all caches of the guest. Every 64th is
 * followed by a flush. Beside the writes random blocks are read back, and a cursor walks over all of
 * them; when it wraps, one sweep more is complete.
 *
 * Lines end in " ok", as those of memload do, for the same reason.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, WORDS = BLOCK / 8, MOST = 16, SWEPT = 16 };

static const char *device;
static int disk;
static uint64_t blocks, errors, verified, written, sweeps, writes;
static uint32_t *generation;
static uint64_t *buffer;
static char first_error[200] = "none";

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void say(const char *line) {
  size_t length = strlen(line), done = 0;
  while (done < length) {
    ssize_t n = write(1, line + done, length - done);
    if (n <= 0) return;
    done += n;
  }
}

static uint64_t random_word(void) {
  static uint64_t x = 88172645463325252u;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x;
}

static inline uint64_t value(uint64_t block, uint64_t word, uint64_t gen) {
  uint64_t x = (block * WORDS + word + 1) * 0x9e3779b97f4a7c15u + (gen + 1) * 0xbf58476d1ce4e5b9u;
  x ^= x >> 32;
  return x * 0xd6e8feb86659fd93u;
}

static void error(const char *what, uint64_t block, uint64_t word, uint64_t expected, uint64_t found) {
  if (errors++ == 0) {
    char line[300];
    snprintf(first_error, sizeof first_error, "%s,block:%llu,word:%llu,generation:%u,expected:%016llx,found:%016llx",
             what, (unsigned long long)block, (unsigned long long)word, generation[block],
             (unsigned long long)expected, (unsigned long long)found);
    snprintf(line, sizeof line, "\nDROVER disk-error dev=%s first=%s ok\n", device, first_error);
    say(line);
  }
}

static void put(uint64_t first, int count) {
  for (int b = 0; b < count; b++) {
    for (int i = 0; i < WORDS; i++) {
      buffer[b * WORDS + i] = value(first + b, i, generation[first + b]);
    }
  }
  ssize_t n = pwrite(disk, buffer, (size_t)count * BLOCK, (off_t)first * BLOCK);
  if (n != (ssize_t)count * BLOCK) error("write-failed", first, errno, count, (uint64_t)n);
  written += (uint64_t)count * BLOCK;
  if (++writes % 64 == 0 && fdatasync(disk) != 0) error("flush-failed", first, errno, 0, 0);
}

static void check(uint64_t first, int count) {
  ssize_t n = pread(disk, buffer, (size_t)count * BLOCK, (off_t)first * BLOCK);
  if (n != (ssize_t)count * BLOCK) error("read-failed", first, errno, count, (uint64_t)n);
  for (int b = 0; b < count; b++) {
    for (int i = 0; i < WORDS; i++) {
      uint64_t expected = value(first + b, i, generation[first + b]);
      if (buffer[b * WORDS + i] != expected) {
        error("wrong", first + b, i, expected, buffer[b * WORDS + i]);
        break;
      }
    }
  }
  verified += (uint64_t)count * BLOCK;
}

static int run(uint64_t from) {
  int count = 1 + random_word() % MOST;
  return from + count > blocks ? (int)(blocks - from) : count;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  device = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
  blocks = strtoull(argv[2], 0, 10) << 8;
  double rate = atof(argv[3]) * 1e6;
  disk = open(argv[1], O_RDWR | O_DIRECT);
  generation = calloc(blocks, sizeof *generation);
  if (disk < 0 || generation == 0 || posix_memalign((void **)&buffer, BLOCK, (size_t)MOST * BLOCK) != 0) {
    printf("\nDROVER disk-failed dev=%s errno=%d ok\n", device, errno);
    return 1;
  }
  for (uint64_t block = 0; block < blocks; block += MOST) {
    put(block, block + MOST > blocks ? (int)(blocks - block) : MOST);
  }
  char line[600];
  snprintf(line, sizeof line, "\nDROVER disk-ready dev=%s ok\n", device);
  say(line);
  double start = now(), last = start, told = start, owed = 0;
  uint64_t cursor = 0, told_written = written;
  for (;;) {
    double t = now(), passed = t - last;
    last = t;
    if (passed > 0.1) passed = 0.1;
    owed += rate > 0 ? passed * rate : MOST * BLOCK;
    for (int i = 0; i < 8 && owed > 0; i++) {
      uint64_t from = random_word() % blocks;
      int count = run(from);
      for (int b = 0; b < count; b++) generation[from + b]++;
      put(from, count);
      owed -= (double)count * BLOCK;
    }
    uint64_t from = random_word() % blocks;
    check(from, run(from));
    int count = cursor + SWEPT > blocks ? (int)(blocks - cursor) : SWEPT;
    check(cursor, count);
    cursor += count;
    if (cursor >= blocks) {
      cursor = 0;
      sweeps++;
    }
    if (t - told >= 0.5) {
      snprintf(line, sizeof line,
               "DROVER disk dev=%s t=%.3f sweeps=%llu verified=%llu errors=%llu written=%llu rate=%.1f first=%s ok\n",
               device, t - start, (unsigned long long)sweeps, (unsigned long long)verified,
               (unsigned long long)errors, (unsigned long long)written,
               (written - told_written) / (t - told) / 1e6, first_error);
      say(line);
      told = t;
      told_written = written;
    }
    if (rate > 0 && owed <= 0) {
      struct timespec pause = {0, 5000000};
      nanosleep(&pause, 0);
    }
    if (owed > 1 << 20) owed = 1 << 20; /* the disk is too slow for the rate */
  }
}
