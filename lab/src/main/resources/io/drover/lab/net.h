/* What both ends of the network probes know: ports, messages, clocks. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  ECHO_PORT = 7,        /* UDP and TCP: what comes is sent back */
  SINK_PORT = 9,        /* UDP: taken in silence; TCP: each time something came, 8 bytes say how much so far */
  STREAM_PORT = 19,     /* TCP: a stream of the pattern, at the pace below */
  FORBIDDEN_PORT = 66,  /* UDP and TCP: counted; a firewall is expected to let nothing through */
  WEB_PORT = 80,        /* busybox httpd */
};
enum { PACE_BYTES = 2500, PACE_MICROS = 10000 };  /* of both streams: 250 kB/s, which an emulated guest manages */
enum { MESSAGE_BYTES = 16 };                     /* a number and zeros */

static inline uint64_t now_micros(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The byte at a place of a stream: a lost, doubled or moved byte is noticed. */
static inline unsigned char pattern(uint64_t at) {
  return (unsigned char)(at ^ (at >> 8) ^ (at >> 16) ^ (at >> 24));
}

static inline void put_number(unsigned char *to, uint64_t value) {
  for (int i = 0; i < 8; i++) to[i] = (unsigned char)(value >> (56 - 8 * i));
}

static inline uint64_t get_number(const unsigned char *from) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | from[i];
  return value;
}

static inline void unblock(int fd) {
  int one = 1;
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline void die(const char *what) {
  printf("DROVER net-failed %s: %s\n", what, strerror(errno));
  fflush(stdout);
  exit(1);
}
