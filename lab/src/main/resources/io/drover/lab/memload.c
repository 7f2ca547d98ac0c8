/*
 * Drover's verified memory load. Runs inside a lab guest, on its own, and knows what every byte of
 * its memory has to be: the content of a page is a function of its number and its generation.
 *
 *   memload mem MB RATE [FLIP [PART]]   rewrite MB mebibytes cyclically, or the first PART of them,
 *                                RATE MB a second (0: full speed);
 *                                FLIP (tests only): flip one bit after that many seconds; 0: never
 *   memload touch MB             fill MB mebibytes with incompressible words, then idle
 *
 * Generation g of a page differs from g - 1 in one word, number g mod 512. A visit checks the word
 * that the last visit wrote, then writes the next. Beside the visits a cursor walks over all pages
 * and checks all 512 words of each; when it wraps, one sweep more is complete. The generations are
 * kept twice, the second time inverted, so that losing one of their own pages shows as well.
 *
 * Everything goes to standard output, which is the serial line. A line ends in " ok" so that a
 * reader can tell whole lines from the two halves that a move leaves on two hosts. Its number tells
 * a line that was said twice, by two copies of a guest.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 512, PAGE = 4096, BATCH = 64 };

static uint64_t *memory;
static uint32_t *generation, *inverse;
static uint64_t pages, errors, verified, written, sweeps, told;
static char first_error[160] = "none";

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

/* Cheap under emulation, yet no two words are alike and none compresses. */
static inline uint64_t value(uint64_t page, uint64_t word, uint64_t gen) {
  uint64_t x = (page * WORDS + word + 1) * 0x9e3779b97f4a7c15u + gen * 0xbf58476d1ce4e5b9u;
  x ^= x >> 32;
  return x * 0xd6e8feb86659fd93u;
}

static void error(uint64_t page, uint64_t word, uint64_t gen, uint64_t expected, uint64_t found) {
  if (errors++ == 0) {
    char line[256];
    snprintf(first_error, sizeof first_error, "page:%llu,word:%llu,generation:%llu,expected:%016llx,found:%016llx",
             (unsigned long long)page, (unsigned long long)word, (unsigned long long)gen,
             (unsigned long long)expected, (unsigned long long)found);
    snprintf(line, sizeof line, "\nDROVER mem-error first=%s ok\n", first_error);
    say(line);
  }
}

static uint32_t generation_of(uint64_t page) {
  uint32_t gen = generation[page];
  if (gen != ~inverse[page]) error(page, WORDS, gen, gen, (uint32_t)~inverse[page]);
  return gen;
}

static void visit(uint64_t page) {
  uint64_t *words = memory + page * WORDS;
  uint32_t gen = generation_of(page);
  uint64_t at = gen % WORDS, expected = value(page, at, gen);
  if (words[at] != expected) {
    error(page, at, gen, expected, words[at]);
    words[at] = expected; /* count each loss once, not on every later look */
  }
  gen++;
  words[gen % WORDS] = value(page, gen % WORDS, gen);
  generation[page] = gen;
  inverse[page] = ~gen;
  written += PAGE;
}

static void verify(uint64_t page) {
  uint64_t *words = memory + page * WORDS;
  uint32_t gen = generation_of(page);
  uint32_t round = gen / WORDS, edge = gen % WORDS;
  for (uint32_t i = 0; i < WORDS; i++) {
    /* Word i was last written by the newest generation that is i modulo 512, else by the fill. */
    uint32_t last = i <= edge ? round * WORDS + i : round > 0 ? (round - 1) * WORDS + i : 0;
    uint64_t expected = value(page, i, last);
    if (words[i] != expected) {
      error(page, i, gen, expected, words[i]);
      words[i] = expected;
    }
  }
  verified += PAGE;
}

static void *map(uint64_t bytes) {
  void *at = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    say("\nDROVER mem-failed reason=out-of-memory ok\n");
    exit(1);
  }
  return at;
}

static void status(double start, double rate) {
  char line[512];
  snprintf(line, sizeof line,
           "DROVER mem n=%llu t=%.3f sweeps=%llu verified=%llu errors=%llu written=%llu rate=%.1f first=%s ok\n",
           (unsigned long long)++told, now() - start, (unsigned long long)sweeps, (unsigned long long)verified,
           (unsigned long long)errors, (unsigned long long)written, rate, first_error);
  say(line);
}

_Noreturn static void touch(uint64_t mebibytes) {
  pages = mebibytes << 8;
  memory = map(pages * PAGE);
  uint64_t x = 88172645463325252u;
  double start = now();
  for (uint64_t i = 0; i < pages * WORDS; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    memory[i] = x;
  }
  for (;;) {
    char line[128];
    snprintf(line, sizeof line, "DROVER touch t=%.3f mb=%llu ok\n", now() - start,
             (unsigned long long)mebibytes);
    say(line);
    sleep(1);
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  uint64_t mebibytes = strtoull(argv[2], 0, 10);
  if (strcmp(argv[1], "touch") == 0) touch(mebibytes);
  double rate = argc > 3 ? atof(argv[3]) * 1e6 : 0;
  double flip_after = argc > 4 ? atof(argv[4]) : 0;

  pages = mebibytes << 8;
  uint64_t rewritten = argc > 5 ? strtoull(argv[5], 0, 10) << 8 : pages;
  if (rewritten == 0 || rewritten > pages) return 2;
  memory = map(pages * PAGE);
  generation = map(pages * sizeof *generation);
  inverse = map(pages * sizeof *inverse);
  for (uint64_t page = 0; page < pages; page++) {
    for (uint64_t i = 0; i < WORDS; i++) {
      memory[page * WORDS + i] = value(page, i, 0);
    }
    generation[page] = 0;
    inverse[page] = ~0u;
  }

  double start = now(), last = start, status_at = start, status_written = 0;
  /* A sweep takes two seconds where that is cheap; large loads get a slower one. */
  double sweep_rate = mebibytes * 1048576.0 / 2;
  if (sweep_rate > 128e6) sweep_rate = 128e6;
  double owed_writes = 0, owed_checks = 0;
  uint64_t writer = 0, checker = 0;
  say("\nDROVER mem-ready ok\n");
  for (;;) {
    double t = now(), passed = t - last;
    last = t;
    if (passed > 0.1) passed = 0.1; /* do not make up for time in which the guest stood still */
    owed_writes += rate > 0 ? passed * rate / PAGE : BATCH;
    owed_checks += passed * sweep_rate / PAGE;
    for (int i = 0; i < 4 * BATCH && owed_writes >= 1; i++, owed_writes--) {
      visit(writer);
      if (++writer == rewritten) writer = 0;
    }
    for (int i = 0; i < BATCH && owed_checks >= 1; i++, owed_checks--) {
      verify(checker);
      if (++checker == pages) {
        checker = 0;
        sweeps++;
      }
    }
    if (flip_after > 0 && t - start > flip_after) {
      flip_after = 0;
      memory[(pages / 2) * WORDS + 17] ^= 1u << 5;
    }
    if (t - status_at >= 0.2) {
      status(start, (written - status_written) / (t - status_at) / 1e6);
      status_at = t;
      status_written = written;
    }
    if (rate > 0 && owed_writes < 1 && owed_checks < BATCH) {
      struct timespec pause = {0, 2000000};
      nanosleep(&pause, 0);
    }
    if (owed_checks > 4 * BATCH) owed_checks = 4 * BATCH; /* the processor is too slow for it */
    if (rate > 0 && owed_writes > 64 * BATCH) owed_writes = 64 * BATCH;
  }
}
