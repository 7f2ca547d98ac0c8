/* The guest's end of the network probes. It never speaks first; once a second it says on the serial line what came in
 * silence, if that changed, and in the beginning that its ports are open:
 *   DROVER net-ready ok
 *   DROVER net sink=COUNT last=NUMBER missing=COUNT run=LONGEST forbidden=COUNT ok
 * Numbers that the sink misses were lost on the way; the longest run of them times the sender's interval is the gap. */
#include "net.h"

enum { MAX_CONNECTIONS = 512 };
enum kind { ECHO, SINK, STREAM };
struct connection {
  int fd;
  enum kind kind;
  uint64_t total;
  uint64_t due;  /* of a stream's next bytes */
};
static struct connection connections[MAX_CONNECTIONS];
static int count;
static uint64_t sunk, last, missing, longest_run, forbidden;

/* Both versions of IP, or the old one where the kernel has no other. */
static int open_port(int type, int port) {
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int one = 1, zero = 0;
  int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0);
  struct sockaddr *address = (struct sockaddr *)&six;
  socklen_t length = sizeof six;
  if (fd < 0) {
    fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    address = (struct sockaddr *)&four;
    length = sizeof four;
  } else {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  }
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (fd < 0 || bind(fd, address, length) < 0) die("bind");
  if (type == SOCK_STREAM && listen(fd, 256) < 0) die("listen");
  return fd;
}

static void echo_datagrams(int fd) {
  unsigned char buffer[2048];
  struct sockaddr_storage from;
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t size = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length);
    if (size < 0) return;
    sendto(fd, buffer, (size_t)size, 0, (struct sockaddr *)&from, length);
  }
}

static void sink_datagrams(int fd) {
  unsigned char buffer[2048];
  for (ssize_t size; (size = recv(fd, buffer, sizeof buffer, 0)) >= 0;) {
    if (size < 8) continue;
    uint64_t number = get_number(buffer);
    if (number == 0) {  /* a new sender */
      sunk = last = missing = longest_run = 0;
    } else if (number > last) {
      uint64_t run = number - last - 1;
      missing += run;
      if (run > longest_run) longest_run = run;
      last = number;
    } else if (missing > 0) {
      missing--;  /* it was only late */
    }
    sunk++;
  }
}

static void count_datagrams(int fd) {
  unsigned char buffer[2048];
  while (recv(fd, buffer, sizeof buffer, 0) >= 0) forbidden++;
}

static void take(int listener, enum kind kind) {
  for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
    if (count == MAX_CONNECTIONS) {
      close(fd);
      continue;
    }
    unblock(fd);
    connections[count++] = (struct connection){fd, kind, 0, now_micros()};
  }
}

/* Whether the connection goes on. */
static int serve(struct connection *c) {
  unsigned char buffer[65536];
  ssize_t size = recv(c->fd, buffer, sizeof buffer, 0);
  if (size == 0 || (size < 0 && errno != EAGAIN)) return 0;
  if (size < 0) return 1;
  if (c->kind == ECHO) return send(c->fd, buffer, (size_t)size, MSG_NOSIGNAL) == size;
  if (c->kind == SINK) {
    for (ssize_t i = 0; i < size; i++) {
      if (buffer[i] != pattern(c->total + (uint64_t)i)) {
        printf("DROVER net-failed wrong byte at %llu\n", (unsigned long long)(c->total + (uint64_t)i));
        fflush(stdout);
        return 0;
      }
    }
    c->total += (uint64_t)size;
    unsigned char answer[8];
    put_number(answer, c->total);
    return send(c->fd, answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer || errno == EAGAIN;
  }
  return 1;
}

static int feed(struct connection *c, uint64_t now) {
  unsigned char buffer[PACE_BYTES];
  if (now < c->due) return 1;
  /* A guest that stood still does not catch up. */
  c->due = now - c->due > 10 * PACE_MICROS ? now + PACE_MICROS : c->due + PACE_MICROS;
  for (int i = 0; i < PACE_BYTES; i++) buffer[i] = pattern(c->total + (uint64_t)i);
  ssize_t size = send(c->fd, buffer, sizeof buffer, MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN;
  c->total += (uint64_t)size;
  return 1;
}

int main(void) {
  enum { UDP_ECHO, UDP_SINK, UDP_FORBIDDEN, TCP_ECHO, TCP_SINK, TCP_STREAM, TCP_FORBIDDEN, FIXED };
  struct pollfd fds[FIXED + MAX_CONNECTIONS];
  int ports[FIXED] = {ECHO_PORT, SINK_PORT, FORBIDDEN_PORT, ECHO_PORT, SINK_PORT, STREAM_PORT, FORBIDDEN_PORT};
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < FIXED; i++) {
    fds[i] = (struct pollfd){open_port(i < TCP_ECHO ? SOCK_DGRAM : SOCK_STREAM, ports[i]), POLLIN, 0};
  }
  printf("DROVER net-ready ok\n");
  fflush(stdout);
  uint64_t told_sunk = 0, told_forbidden = 0, tell = now_micros() + 1000000;
  for (;;) {
    int streams = 0;
    for (int i = 0; i < count; i++) {
      fds[FIXED + i] = (struct pollfd){connections[i].fd, POLLIN, 0};
      streams |= connections[i].kind == STREAM;
    }
    poll(fds, (nfds_t)(FIXED + count), streams ? PACE_MICROS / 1000 : 1000);
    int polled = count;
    uint64_t now = now_micros();
    if (fds[UDP_ECHO].revents) echo_datagrams(fds[UDP_ECHO].fd);
    if (fds[UDP_SINK].revents) sink_datagrams(fds[UDP_SINK].fd);
    if (fds[UDP_FORBIDDEN].revents) count_datagrams(fds[UDP_FORBIDDEN].fd);
    if (fds[TCP_FORBIDDEN].revents) {
      int fd = accept(fds[TCP_FORBIDDEN].fd, NULL, NULL);
      if (fd >= 0) forbidden++, close(fd);
    }
    for (int i = polled - 1; i >= 0; i--) {
      struct connection *c = &connections[i];
      int goes_on = fds[FIXED + i].revents ? serve(c) : 1;
      if (goes_on && c->kind == STREAM) goes_on = feed(c, now);
      if (!goes_on) {
        close(c->fd);
        connections[i] = connections[--count];
      }
    }
    if (fds[TCP_ECHO].revents) take(fds[TCP_ECHO].fd, ECHO);
    if (fds[TCP_SINK].revents) take(fds[TCP_SINK].fd, SINK);
    if (fds[TCP_STREAM].revents) take(fds[TCP_STREAM].fd, STREAM);
    if (now >= tell && (sunk != told_sunk || forbidden != told_forbidden)) {
      printf("DROVER net sink=%llu last=%llu missing=%llu run=%llu forbidden=%llu ok\n", (unsigned long long)sunk,
             (unsigned long long)last, (unsigned long long)missing, (unsigned long long)longest_run,
             (unsigned long long)forbidden);
      fflush(stdout);
      told_sunk = sunk, told_forbidden = forbidden, tell = now + 1000000;
    }
  }
}
