/*
 * A client of the players' protocol of Kuafu, version 1 (docs/client.md), over TCP. C11 and libc only.
 *
 *   client vectors FILE          checks the vectors of client.json
 *   client selftest              feeds the decoder with truncated, changed and random bytes
 *   client run HOST PORT TOKEN   commands on stdin (commands.c), events as JSON lines on stdout (events.h)
 */
#define _GNU_SOURCE
#include "checks.h"
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EOF_MS_MAX = 2000 };

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int run(const char *host, const char *port, const char *token) {
  static Client c;
  Buf input = {0};
  int64_t eof_at = 0, wait = 0;
  c = (Client){.host = host, .port = port, .token = token, .fd = -1};
  c.random = ((uint64_t)time(NULL) << 20) ^ (uint64_t)getpid() ^ 0x9e3779b97f4a7c15u;
  for (;;) {
    struct pollfd fds[2] = {
        {.fd = eof_at > 0 ? -1 : STDIN_FILENO, .events = POLLIN},
        {.fd = c.fd,
         .events = (short)(c.state == CONNECTING ? POLLOUT
                           : c.out.len > 0       ? POLLIN | POLLOUT
                                                 : POLLIN)},
    };
    if (poll(fds, 2, (int)wait) < 0 && errno != EINTR) return 2;
    c.now = now_ms();
    if (c.fd >= 0 && c.fd == fds[1].fd && (fds[1].revents & ~POLLOUT || (fds[1].revents && c.state == CONNECTING)))
      read_socket(&c);
    if (fds[0].revents != 0) {
      buf_reserve(&input, 65536);
      ssize_t n = read(STDIN_FILENO, input.data + input.len, 65536);
      if (n == 0) {
        eof_at = c.now;
        if (input.len > 0) buf_byte(&input, '\n');
      }
      if (n > 0) input.len += (size_t)n;
      size_t start = 0;
      for (size_t i = 0; i < input.len; i++) {
        if (input.data[i] != '\n') continue;
        input.data[i] = 0;
        command(&c, (char *)input.data + start);
        start = i + 1;
        tick(&c); /* so that a cut comes after what was to be sent before it */
      }
      buf_drop(&input, start);
    }
    wait = tick(&c); /* after reading: who was held up has not heard nothing */
    if (eof_at > 0) {
      bool idle = c.state == OFFLINE || (c.state == ONLINE && c.send_count == 0 && c.waiting == 0 && c.out.len == 0);
      if (idle || c.now - eof_at >= EOF_MS_MAX) break;
      if (wait > 50) wait = 50;
    }
  }
  buf_free(&input);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "vectors") == 0) return vectors(argv[2]);
  if (argc == 2 && strcmp(argv[1], "selftest") == 0) return selftest();
  if (argc == 5 && strcmp(argv[1], "run") == 0) return run(argv[2], argv[3], argv[4]);
  fputs("client vectors FILE | client selftest | client run HOST PORT TOKEN\n", stderr);
  return 2;
}
