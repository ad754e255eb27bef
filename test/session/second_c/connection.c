/* The connection: addresses, the socket, and all that is due at a time. */
#define _GNU_SOURCE
#include "client.h"
#include "events.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

void end_connection(Client *c, const char *why, bool failed) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  if (c->addresses != NULL) freeaddrinfo(c->addresses);
  c->addresses = c->address = NULL;
  if (c->online_at > 0 && c->now - c->online_at >= ONLINE_MS_GOOD) c->failures = 0;
  c->pause_bound = c->failures < 5 ? (int64_t)PAUSE_MS_MIN << c->failures : PAUSE_MS_MAX;
  c->must_pause = c->state != LEAVING;
  if (failed) c->failures++;
  c->in.len = c->out.len = c->ack_bytes = 0;
  c->ack_at = c->online_at = 0;
  c->waiting = c->ack_pushes = 0;
  c->acked_given = false;
  for (uint32_t i = 0; i < c->request_count; i++) {
    c->requests[i].waiting = false;
    c->requests[i].repeats = 0;
  }
  c->state = OFFLINE;
  if (!c->has_session) forget_session(c, "there is no connection");
  event_open("closed");
  event_text("why", why);
  event_close();
}

static void connected(Client *c) {
  c->state = LOGIN;
  c->is_queued = false;
  c->heard_at = c->now;
  if (send_hello(c)) return;
  complain("the token is too long for a hello");
  end_connection(c, "ended", true);
}

/* Tries the addresses of the host, one after the other. */
static void connect_next(Client *c) {
  for (; c->address != NULL; c->address = c->address->ai_next) {
    int fd = socket(c->address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int result = connect(fd, c->address->ai_addr, c->address->ai_addrlen);
    if (result == 0 || errno == EINPROGRESS) {
      c->fd = fd;
      c->address = c->address->ai_next;
      if (result == 0) connected(c);
      return;
    }
    close(fd);
  }
  end_connection(c, "ended", true);
}

void open_connection(Client *c) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  c->state = CONNECTING;
  c->connecting_at = c->now;
  c->must_pause = false;
  c->retry_ms = 0;
  if (getaddrinfo(c->host, c->port, &hints, &c->addresses) != 0) c->addresses = NULL;
  c->address = c->addresses;
  connect_next(c);
}

static void write_socket(Client *c) {
  while (c->fd >= 0 && c->state != CONNECTING && c->out.len > 0) {
    ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
    if (n > 0)
      buf_drop(&c->out, (size_t)n);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return;
    else if (errno != EINTR)
      return; /* reading hears what the server said before it closed, and its end */
  }
}

void read_socket(Client *c) {
  if (c->state == CONNECTING) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
      connected(c);
      return;
    }
    close(c->fd);
    c->fd = -1;
    connect_next(c);
    return;
  }
  buf_reserve(&c->in, 65536);
  ssize_t n = recv(c->fd, c->in.data + c->in.len, 65536, 0);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (n <= 0) {
    end_connection(c, "ended", c->state != LEAVING);
    return;
  }
  c->in.len += (size_t)n;
  c->heard_at = c->now;
  on_bytes(c);
}

int64_t tick(Client *c) {
  int64_t next = c->now + 60000, rate;
#define DUE(time) (c->now >= (time) ? true : ((time) < next ? (next = (time), false) : false))
  switch (c->state) {
    case OFFLINE: break;
    case PAUSING:
      if (DUE(c->connect_at)) {
        open_connection(c);
        return 0;
      }
      break;
    case CONNECTING:
      if (DUE(c->connecting_at + CONNECT_MS_MAX)) end_connection(c, "ended", true);
      break;
    case LOGIN:
      if (DUE(c->heard_at + (c->is_queued ? QUEUED_SILENCE_MS : WELCOME_MS_MAX))) end_connection(c, "silent", true);
      break;
    case LEAVING:
      if (DUE(c->leave_at + BYE_MS_MAX)) end_connection(c, "ended", false);
      break;
    case ONLINE:
      if (DUE(c->heard_at + 2 * c->heartbeat_ms)) {
        end_connection(c, "silent", true);
        break;
      }
      if (c->now >= c->ping_at) {
        send_number(c, PING, ++c->ping_n);
        c->ping_at = c->now + c->heartbeat_ms;
      }
      if (c->ack_at > 0 && c->now >= c->ack_at) send_ack(c);
      (void)DUE(c->ping_at);
      if (c->ack_at > 0) (void)DUE(c->ack_at);
      rate = pump_sends(c);
      if (rate >= 0) (void)DUE(c->now + rate);
      break;
  }
  write_socket(c);
  return next - c->now;
}
