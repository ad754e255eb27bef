/*
 * Commands, a line each. Nothing connects by itself.
 *
 *   connect              logs in, or resumes when there is a session, after the pause that is due
 *   connect acked N      the hello says N instead of what was taken
 *   request METHOD JSON  with the next number; waits while there is no connection
 *   repeat SEQ           a request that was sent before, as it was
 *   ping | bye
 *   cut                  closes the connection without a word
 */
#include "client.h"
#include "events.h"
#include "json.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

static void command_connect(Client *c, const char *rest) {
  char *end;
  if (c->state != OFFLINE) {
    complain("there is a connection already");
    return;
  }
  c->acked_given = false;
  if (strncmp(rest, "acked ", 6) == 0) {
    unsigned long long n = strtoull(rest + 6, &end, 10);
    if (end == rest + 6 || *end != 0 || n > U32_MAX) {
      complain("connect acked N");
      return;
    }
    if (!c->has_session) complain("no session: acked says nothing");
    c->acked_given = c->has_session;
    c->acked = (uint32_t)n;
  } else if (*rest != 0) {
    complain("connect, or connect acked N");
    return;
  }
  int64_t pause = c->must_pause ? (int64_t)(next_random(&c->random) % (uint64_t)(c->pause_bound + 1)) + c->retry_ms : 0;
  c->state = PAUSING;
  c->connect_at = c->now + pause;
}

static void command_request(Client *c, const char *rest) {
  char *end;
  unsigned long long method = strtoull(rest, &end, 10);
  Arena arena = {0};
  Buf b = {0};
  Value body = nil_value();
  Packet request = up_packet(REQUEST), check;
  const char *code = NULL, *detail = "";
  while (*end == ' ') end++;
  if (*rest < '0' || *rest > '9' || method > U32_MAX) {
    code = "INVALID";
    detail = "request METHOD JSON";
  } else if (*end != 0 && !json_parse(end, &arena, &body)) {
    code = "INVALID";
    detail = "the body is no JSON";
  } else if (c->state == OFFLINE && !c->has_session) {
    code = "LINK_LOST";
    detail = "there is no connection";
  } else if (c->state != ONLINE && c->send_count >= HELD_MAX) {
    code = "OVERLOADED";
    detail = "256 requests are held back";
  } else if (c->state == LEAVING) {
    code = "LINK_LOST";
    detail = "bye was said";
  } else if (c->request_count == U32_MAX) {
    code = "OVERLOADED";
    detail = "no number is left";
  } else {
    request.fields[0] = int_value((int64_t)c->request_count + 1);
    request.fields[1] = int_value((int64_t)method);
    request.fields[2] = body;
    frame_packet(&b, &request);
    size_t size = b.len - 4;
    if (size > PACKET_UP_SIZE_MAX) {
      code = "INVALID";
      detail = "the packet is too large";
    } else if (decode_packet(b.data + 4, size, true, &arena, &check) != NULL) {
      code = "INVALID";
      detail = "the method or the body can't be sent";
    }
  }
  if (code != NULL) {
    event_error(0, code, detail, bool_value(false));
    buf_free(&b);
  } else {
    if (c->request_count == c->request_cap) {
      c->request_cap = c->request_cap * 2 + 64;
      c->requests = must(realloc(c->requests, c->request_cap * sizeof(Request)));
    }
    c->requests[c->request_count++] = (Request){.packet = b.data, .size = (uint32_t)b.len};
    add_send(c, c->request_count, SEND_FIRST);
  }
  arena_free(&arena);
}

static void command_repeat(Client *c, const char *rest) {
  char *end;
  unsigned long long seq = strtoull(rest, &end, 10);
  if (end == rest || *end != 0 || seq < 1 || seq > c->request_count)
    complain("repeat: no such request in this session");
  else
    add_send(c, (uint32_t)seq, SEND_REPEAT);
}

static void command_bye(Client *c) {
  Packet bye = up_packet(BYE);
  bool online = c->state == ONLINE;
  if (c->state == LEAVING) return;
  forget_session(c, "bye was said");
  c->failures = 0;
  if (!online && c->state != OFFLINE) end_connection(c, "cut", false); /* nothing may be said before the welcome */
  c->must_pause = false;
  if (!online) return;
  send_packet(c, &bye);
  c->state = LEAVING;
  c->leave_at = c->now;
}

void command(Client *c, char *line) {
  size_t n = strlen(line);
  while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == ' ')) line[--n] = 0;
  char *rest = strchr(line, ' ');
  if (rest == NULL)
    rest = line + n;
  else {
    *rest++ = 0;
    while (*rest == ' ') rest++;
  }
  if (*line == 0) return;
  if (strcmp(line, "connect") == 0)
    command_connect(c, rest);
  else if (strcmp(line, "request") == 0)
    command_request(c, rest);
  else if (strcmp(line, "repeat") == 0)
    command_repeat(c, rest);
  else if (strcmp(line, "bye") == 0)
    command_bye(c);
  else if (strcmp(line, "cut") == 0 && c->state != OFFLINE)
    end_connection(c, "cut", false);
  else if (strcmp(line, "ping") == 0 && c->state == ONLINE)
    send_number(c, PING, ++c->ping_n);
  else
    complain("no such command, or not now");
}
