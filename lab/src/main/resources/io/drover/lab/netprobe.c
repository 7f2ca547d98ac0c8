/* The client's end of the network probes: what a guest's users see of a move.
 *
 *   netprobe KIND ADDRESS [INTERVAL-MICROSECONDS [NAME]]
 *
 * ping, udp       a numbered request at each interval; its answer
 * sink            numbered datagrams that nobody answers
 * forbidden       datagrams that a firewall must stop, and now and then an attempt to connect
 * talk            one TCP connection, a message at each interval, its echo
 * down, up        one TCP connection with a stream of 250 kB/s whose every byte is checked
 * idle            one TCP connection that says nothing until it is woken
 * short, web      a TCP connection at each interval: an echo, or a page over HTTP
 * dns             a question for the address of NAME to the server ADDRESS at each interval; a changed answer is told
 *
 * One word on standard input, one line on standard output:
 *   mark            forget the gaps and the losses so far
 *   wake            (idle) say something and wait for the echo
 *   report          DROVER client kind=udp answers=N gap=MICROS end=AT slowest=MICROS silent=MICROS lost=N why=WORD broken=N at=NOW
 * gap is the longest time between two answers, one that still lasts included; end is when it ended, on the machine's
 * monotonic clock; silent is how long the last answer is ago. lost counts requests without an answer after a second. broken counts connections that ended badly, and why says how the last of them did, with its errno. */
#include "net.h"
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

enum { MAX_OPEN = 256, RING = 1 << 16, SECOND = 1000000, GIVE_UP = 15 * SECOND };
enum kind { PING, UDP, SINK, FORBIDDEN, TALK, DOWN, UP, IDLE, SHORT, WEB, DNS };
static const char *names[] = {"ping", "udp", "sink", "forbidden", "talk", "down", "up", "idle", "short", "web", "dns"};
static const char request[] = "GET / HTTP/1.0\r\n\r\n";
static const char page[] = "DROVER page";

static enum kind kind;
static struct sockaddr_storage target;
static socklen_t target_length;
static uint64_t interval;
static const char *dns_name = "";

static uint64_t sent, first_sent, answers, last_answer, longest, longest_end, slowest, lost, broken, woken;
static uint64_t sent_at[RING];
static unsigned char answered[RING];

struct open {
  int fd;
  uint64_t since;
  int asked;
  size_t got;
  char start[512];
};
static struct open opened[MAX_OPEN];
static int open_count;

static void answer(void) {
  uint64_t now = now_micros();
  if (last_answer && now - last_answer > longest) longest = now - last_answer, longest_end = now;
  last_answer = now;
  if (answers++ == 0) printf("DROVER client-ready kind=%s\n", names[kind]), fflush(stdout);
}

static void parse_target(const char *text, int port) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
    memcpy(&target, &four, target_length = sizeof four);
  } else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
    memcpy(&target, &six, target_length = sizeof six);
  } else {
    errno = EINVAL;
    die(text);
  }
}

static int connect_now(int type, int protocol) {
  int fd = socket(target.ss_family, type | SOCK_NONBLOCK, protocol);
  if (fd < 0) die("socket");
  if (type == SOCK_STREAM) unblock(fd);
  if (connect(fd, (struct sockaddr *)&target, target_length) < 0 && errno != EINPROGRESS) {
    /* Without a route for a moment: that is a loss, not the end. */
    if (type != SOCK_STREAM) die("connect");
    close(fd);
    return -1;
  }
  return fd;
}

static void remember_sent(uint64_t now) {
  sent_at[sent % RING] = now;
  answered[sent % RING] = 0;
  sent++;
}

/* Answers may come twice; each counts once. */
static void number_answered(uint64_t number) {
  if (number >= sent || sent - number > RING || answered[number % RING]) return;
  answered[number % RING] = 1;
  uint64_t took = now_micros() - sent_at[number % RING];
  if (took > slowest) slowest = took;
  answer();
}

static void count_lost(uint64_t now) {
  uint64_t from = sent > RING && first_sent < sent - RING ? sent - RING : first_sent;
  lost = 0;
  for (uint64_t i = from; i < sent; i++) {
    if (!answered[i % RING] && now - sent_at[i % RING] > SECOND) lost++;
  }
}

static size_t dns_question(unsigned char *to, uint16_t id) {
  unsigned char *at = to;
  unsigned char head[12] = {(unsigned char)(id >> 8), (unsigned char)id, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  memcpy(at, head, sizeof head), at += sizeof head;
  for (const char *label = dns_name; *label;) {
    size_t length = strcspn(label, ".");
    *at++ = (unsigned char)length;
    memcpy(at, label, length), at += length;
    label += length + (label[length] == '.');
  }
  memcpy(at, "\0\0\1\0\1", 5);  /* the root, type A, class IN */
  return (size_t)(at + 5 - to);
}

static void dns_answer(const unsigned char *message, size_t size) {
  static char before[INET_ADDRSTRLEN] = "";
  char text[INET_ADDRSTRLEN] = "none";
  unsigned char question[512];
  size_t length = dns_question(question, 0);
  /* One answer of type A with a compressed name follows the question. */
  if (size >= length + 16 && message[7] > 0) inet_ntop(AF_INET, message + length + 12, text, sizeof text);
  number_answered((sent & ~0xffffull) + (uint64_t)(message[0] << 8 | message[1]));
  if (strcmp(before, text) != 0) {
    printf("DROVER client-answer address=%s at=%llu\n", text, (unsigned long long)now_micros());
    fflush(stdout);
    strcpy(before, text);
  }
}

static void send_datagram(int fd, uint64_t now) {
  unsigned char buffer[512] = {0};
  size_t size = MESSAGE_BYTES;
  if (kind == PING) {
    struct icmphdr head = {.type = target.ss_family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST};
    head.un.echo.id = htons((uint16_t)getpid());
    head.un.echo.sequence = htons((uint16_t)sent);
    memcpy(buffer, &head, sizeof head);
    put_number(buffer + sizeof head, sent);
    size = sizeof head + MESSAGE_BYTES;
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2) sum += (uint32_t)(buffer[i] << 8 | buffer[i + 1]);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    /* The kernel does it for version 6. */
    if (target.ss_family == AF_INET) buffer[2] = (unsigned char)(~sum >> 8), buffer[3] = (unsigned char)~sum;
  } else if (kind == DNS) {
    size = dns_question(buffer, (uint16_t)sent);
  } else {
    put_number(buffer, sent);
  }
  send(fd, buffer, size, 0);
  remember_sent(now);
}

static void take_datagrams(int fd) {
  unsigned char buffer[2048];
  /* Errors are unreachable hosts and ports, told by routers: no answer. */
  for (int tries = 0; tries < 64; tries++) {
    ssize_t size = recv(fd, buffer, sizeof buffer, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size < MESSAGE_BYTES) continue;
    if (kind == DNS) {
      dns_answer(buffer, (size_t)size);
    } else if (kind == PING) {
      size_t at = target.ss_family == AF_INET ? (size_t)(buffer[0] & 15) * 4 : 0;
      int reply = target.ss_family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
      if ((size_t)size < at + 8 + MESSAGE_BYTES || buffer[at] != reply) continue;
      if ((buffer[at + 4] << 8 | buffer[at + 5]) != (getpid() & 0xffff)) continue;
      number_answered(get_number(buffer + at + 8));
    } else if (kind == UDP) {
      number_answered(get_number(buffer));
    } else {
      answer();
    }
  }
}

static char why[32] = "nothing";

/* ---- one long connection ---- */

static uint64_t received, written;

static void lose(int *fd, const char *reason) {
  snprintf(why, sizeof why, "long%d", errno);
  printf("DROVER client-broken kind=%s after=%llu: %s\n", names[kind], (unsigned long long)received, reason);
  fflush(stdout);
  broken++;
  close(*fd);
  *fd = -1;
}

static int read_long(int fd) {
  unsigned char buffer[65536];
  ssize_t size = recv(fd, buffer, sizeof buffer, 0);
  if (size < 0) return errno == EAGAIN;
  if (size == 0) return 0;
  for (ssize_t i = 0; i < size; i++, received++) {
    if (kind == DOWN && buffer[i] != pattern(received)) return 0;
    if ((kind == TALK || kind == IDLE) && received % MESSAGE_BYTES < 8) {
      unsigned char number[8];
      put_number(number, received / MESSAGE_BYTES);
      if (buffer[i] != number[received % MESSAGE_BYTES]) return 0;
    }
    if ((kind == TALK || kind == IDLE) && received % MESSAGE_BYTES == MESSAGE_BYTES - 1) {
      number_answered(received / MESSAGE_BYTES);
    }
  }
  if (kind == IDLE && woken) {
    uint64_t now = now_micros();
    longest = now - woken, longest_end = now, woken = 0;
  }
  if (kind == DOWN || kind == UP) answer();
  return 1;
}

static int write_long(int fd, uint64_t now) {
  unsigned char buffer[PACE_BYTES] = {0};
  size_t size = MESSAGE_BYTES;
  if (kind == UP) {
    size = PACE_BYTES;
    for (size_t i = 0; i < size; i++) buffer[i] = pattern(written + i);
  } else {
    put_number(buffer, sent);
  }
  ssize_t done = send(fd, buffer, size, MSG_NOSIGNAL);
  if (done < 0) return errno == EAGAIN;
  written += (uint64_t)done;
  if (kind != UP) remember_sent(now);
  return kind == UP || done == MESSAGE_BYTES;
}

/* ---- many short connections ---- */

static void finish(struct open *one, const char *bad, int error) {
  if (!bad) {
    uint64_t took = now_micros() - one->since;
    if (took > slowest) slowest = took;
    answer();
  } else {
    broken++;
    snprintf(why, sizeof why, "%s%d", bad, error);
  }
  close(one->fd);
  one->fd = -1;
}

static void open_short(uint64_t now) {
  if (open_count == MAX_OPEN) {
    broken++;
    snprintf(why, sizeof why, "many%d", MAX_OPEN);
    return;
  }
  int fd = connect_now(SOCK_STREAM, 0);
  if (fd < 0) {
    broken++;
    snprintf(why, sizeof why, "open%d", errno);
    return;
  }
  sent++;
  opened[open_count++] = (struct open){.fd = fd, .since = now};
}

static void serve_short(struct open *one, short events) {
  if (events & POLLOUT && !one->asked) {
    int failure = 0;
    socklen_t length = sizeof failure;
    getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &failure, &length);
    if (kind == FORBIDDEN) {  /* nobody was meant to open */
      if (!failure) answer();
      close(one->fd);
      one->fd = -1;
      return;
    }
    char message[MESSAGE_BYTES] = "short";
    const char *what = kind == WEB ? request : message;
    ssize_t size = kind == WEB ? (ssize_t)strlen(request) : MESSAGE_BYTES;
    if (failure || send(one->fd, what, (size_t)size, MSG_NOSIGNAL) != size) {
      finish(one, failure ? "connect" : "send", failure ? failure : errno);
      return;
    }
    one->asked = 1;
  }
  if (events & (POLLIN | POLLERR | POLLHUP)) {
    ssize_t size = recv(one->fd, one->start + one->got, sizeof one->start - 1 - one->got, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size > 0) one->got += (size_t)size;
    int whole = kind == WEB ? size == 0 && strstr(one->start, page) != NULL : one->got >= MESSAGE_BYTES;
    if (whole) finish(one, NULL, 0);
    else if (size <= 0) finish(one, "answer", size < 0 ? errno : 0);
  }
}

/* ---- what the other side of standard input asks ---- */

static void report(void) {
  uint64_t now = now_micros();  /* not before the last answer */
  int streaming = kind != SINK && kind != FORBIDDEN && kind != IDLE;
  if (streaming && last_answer && now - last_answer > longest) longest = now - last_answer, longest_end = now;
  if (kind == IDLE && woken) longest = now - woken, longest_end = now;
  if (kind == PING || kind == UDP || kind == DNS) count_lost(now);
  printf("DROVER client kind=%s sent=%llu answers=%llu gap=%llu end=%llu slowest=%llu silent=%llu lost=%llu "
         "why=%s broken=%llu at=%llu\n",
         names[kind], (unsigned long long)sent, (unsigned long long)answers, (unsigned long long)longest,
         (unsigned long long)longest_end, (unsigned long long)slowest,
         (unsigned long long)(now - last_answer), (unsigned long long)lost, why, (unsigned long long)broken, (unsigned long long)now);
  fflush(stdout);
}

static void obey(int *fd, uint64_t now) {
  static char line[64];
  static size_t length;
  char c;
  ssize_t size;
  while ((size = read(STDIN_FILENO, &c, 1)) == 1) {
    if (c != '\n') {
      if (length < sizeof line - 1) line[length++] = c;
      continue;
    }
    line[length] = 0, length = 0;
    if (strcmp(line, "mark") == 0) {
      longest = longest_end = slowest = broken = 0;
      first_sent = sent;
    } else if (strcmp(line, "report") == 0) {
      report();
    } else if (strcmp(line, "wake") == 0 && kind == IDLE) {
      woken = now;
      if (*fd >= 0 && !write_long(*fd, now)) lose(fd, strerror(errno));
    }
  }
  if (size == 0) exit(0);  /* nobody is interested any more */
}

static int tcp_port(void) {
  switch (kind) {
    case DOWN: return STREAM_PORT;
    case UP: return SINK_PORT;
    case WEB: return WEB_PORT;
    default: return ECHO_PORT;
  }
}

int main(int count, char **words) {
  if (count < 3) return 2;
  int found = -1;
  for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
    if (strcmp(words[1], names[i]) == 0) found = i;
  }
  if (found < 0) return 2;
  kind = (enum kind)found;
  interval = count > 3 ? (uint64_t)atoll(words[3]) : 10000;
  if (count > 4) dns_name = words[4];
  if (strlen(dns_name) > 255) return 2;
  int datagrams = kind == PING || kind == UDP || kind == SINK || kind == FORBIDDEN || kind == DNS;
  int is_long = kind == TALK || kind == DOWN || kind == UP || kind == IDLE;
  int fd = -1;
  signal(SIGPIPE, SIG_IGN);
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  parse_target(words[2], kind == DNS ? 53 : kind == FORBIDDEN ? FORBIDDEN_PORT : datagrams ? (kind == SINK ? SINK_PORT : ECHO_PORT) : tcp_port());
  if (kind == PING) {
    struct sockaddr_in *plain = (struct sockaddr_in *)&target;
    plain->sin_port = 0;  /* at the same place in both versions */
    fd = connect_now(SOCK_RAW, target.ss_family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
  } else if (datagrams) {
    fd = connect_now(SOCK_DGRAM, 0);
  } else if (is_long) {
    fd = connect_now(SOCK_STREAM, 0);
    if (fd < 0) die("connect");
  }
  uint64_t due = now_micros(), knock = due;
  int connected = 0;
  for (;;) {
    struct pollfd fds[2 + MAX_OPEN];
    int at = 0;
    fds[at++] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
    fds[at++] = (struct pollfd){fd, (short)(POLLIN | (is_long && !connected ? POLLOUT : 0)), 0};
    for (int i = 0; i < open_count; i++) {
      fds[at++] = (struct pollfd){opened[i].fd, (short)(POLLIN | (opened[i].asked ? 0 : POLLOUT)), 0};
    }
    uint64_t now = now_micros();
    uint64_t wait = due > now ? due - now : 0;
    struct timespec patience = {(time_t)(wait / SECOND), (long)(wait % SECOND) * 1000};
    ppoll(fds, (nfds_t)at, &patience, NULL);
    int polled = open_count;
    now = now_micros();
    if (fds[1].revents && datagrams) take_datagrams(fd);
    if (fds[1].revents && is_long && fd >= 0) {
      int good = 1;
      errno = 0;
      if (!connected && fds[1].revents & (POLLOUT | POLLERR | POLLHUP)) {
        int failure = 0;
        socklen_t length = sizeof failure;
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
        good = failure == 0;
        errno = failure;
        connected = good;
        if (good && kind == IDLE) good = write_long(fd, now);
      }
      if (good && fds[1].revents & (POLLIN | POLLERR | POLLHUP)) good = read_long(fd);
      if (!good) lose(&fd, errno ? strerror(errno) : "closed, or a wrong byte");
    }
    for (int i = polled - 1; i >= 0; i--) {
      if (fds[2 + i].revents) serve_short(&opened[i], fds[2 + i].revents);
      if (opened[i].fd >= 0 && now - opened[i].since > GIVE_UP) finish(&opened[i], "slow", 0);
      if (opened[i].fd < 0) opened[i] = opened[--open_count];
    }
    while (due <= now) {
      if (datagrams) send_datagram(fd, now);
      else if (kind == TALK || kind == UP) {
        if (connected && fd >= 0 && !write_long(fd, now)) lose(&fd, strerror(errno));
      } else if (kind == SHORT || kind == WEB) open_short(now);
      /* What stood still does not catch up. */
      due = now - due > 10 * interval ? now + interval : due + interval;
    }
    if (kind == FORBIDDEN && now >= knock) {
      knock = now + 20 * interval;
      if (open_count > 0 && now - opened[0].since > SECOND) close(opened[0].fd), open_count = 0;
      if (open_count == 0) {
        int knocker = connect_now(SOCK_STREAM, 0);
        if (knocker >= 0) opened[open_count++] = (struct open){.fd = knocker, .since = now};
      }
    }
    if (fds[0].revents) obey(&fd, now);
  }
}
