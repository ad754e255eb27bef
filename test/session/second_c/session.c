/* What the client says of its session, and what the server says; each of the latter answers false for a fault. */
#include "client.h"
#include "events.h"

#include <stdlib.h>
#include <string.h>

void send_packet(Client *c, const Packet *packet) { frame_packet(&c->out, packet); }

void send_number(Client *c, int type, uint32_t n) {
  Packet packet = up_packet(type);
  packet.fields[0] = int_value(n);
  send_packet(c, &packet);
}

void send_ack(Client *c) {
  send_number(c, ACK, c->push_taken);
  event_number("acked", "pushSeq", c->push_taken);
  c->ack_at = 0;
  c->ack_pushes = 0;
  c->ack_bytes = 0;
}

bool send_hello(Client *c) {
  Value resume[3] = {
      bytes_value(V_STR, c->session.data, c->session.len),
      bytes_value(V_STR, c->resume_token.data, c->resume_token.len),
      int_value(c->acked_given ? c->acked : c->push_taken),
  };
  Packet hello = up_packet(HELLO);
  hello.fields[0] = int_value(1);
  hello.fields[1] = text_value(c->token);
  hello.fields[2] = c->has_session ? (Value){.kind = V_ARRAY, .n = 3, .u.items = resume} : nil_value();
  c->asked_resume = c->has_session;
  send_packet(c, &hello);
  return c->out.len - 4 <= PACKET_UP_SIZE_MAX_LOGIN;
}

void forget_session(Client *c, const char *why) {
  for (uint32_t i = 0; i < c->request_count; i++) {
    Request *r = &c->requests[i];
    if (!r->answered) event_error(i + 1, "LINK_LOST", why, r->sent ? nil_value() : bool_value(false));
    free(r->packet);
  }
  c->has_session = false;
  c->session.len = c->resume_token.len = 0;
  c->request_count = c->waiting = c->push_taken = c->ack_pushes = 0;
  c->send_count = c->ack_bytes = 0;
  c->ack_at = 0;
}

static void set_text(Buf *b, const Value *text) {
  b->len = 0;
  buf_add(b, text->u.bytes, text->n);
}

static bool on_welcome(Client *c, const Packet *p) {
  const Value *items = p->fields[0].u.items;
#define WELCOME_VALUE(field) (&items[2 * (field) + 1])
  const Value *session = WELCOME_VALUE(W_SESSION);
  bool resumed = WELCOME_VALUE(W_RESUMED)->u.b;
  if (resumed &&
      (!c->asked_resume || session->n != c->session.len || memcmp(session->u.bytes, c->session.data, session->n) != 0))
    return false;
  if (!resumed && c->has_session) forget_session(c, "the server began a new session");
  if (resumed && c->acked_given && c->acked > c->push_taken) c->push_taken = c->acked;
  c->has_session = true;
  set_text(&c->session, session);
  set_text(&c->resume_token, WELCOME_VALUE(W_RESUME_TOKEN));
  c->heartbeat_ms = WELCOME_VALUE(W_HEARTBEAT_MS)->u.i;
  c->ping_at = c->now + c->heartbeat_ms;
  c->online_at = c->filled_at = c->now;
  c->packets_left = PACKETS_BURST;
  c->bytes_left = BYTES_BURST;
  c->state = ONLINE;
  event_open("welcome");
  for (int i = 0; i < W_FIELDS; i++) event_value(WELCOME_FIELDS[i].name, WELCOME_VALUE(i));
  event_close();
  if (resumed) plan_resends(c);
  return true;
}

static bool on_push(Client *c, const Packet *p, size_t size) {
  int64_t seq = p->fields[0].u.i;
  if (seq > (int64_t)c->push_taken + 1) return false;
  if (seq == (int64_t)c->push_taken + 1) {
    c->push_taken = (uint32_t)seq;
    event_packet(p);
  } else {
    event_number("heard_before", "pushSeq", seq);
  }
  if (c->ack_pushes++ == 0) c->ack_at = c->now + ACK_DELAY_MS;
  c->ack_bytes += size;
  if (c->ack_pushes >= ACK_PUSHES || c->ack_bytes >= ACK_BYTES) send_ack(c);
  return true;
}

/* refuse and kicked */
static void on_close(Client *c, const Packet *p) {
  Fate fate = fate_of(&p->fields[0]);
  bool gone = is_text(&p->fields[0], "session_gone");
  event_packet(p);
  c->retry_ms = p->type == REFUSE && p->fields[2].kind == V_INT ? p->fields[2].u.i : 0;
  if (fate != AGAIN) forget_session(c, "the server ended the session");
  end_connection(c, "ended", !gone);
  if (fate == STOP || (gone && c->retry_ms == 0))
    c->must_pause = false; /* the player's wish, or 5.4 */
  else if (gone)
    c->pause_bound = 0;
}

static bool on_packet(Client *c, const Packet *p, size_t size) {
  if (p->spec == NULL || c->state == LEAVING) return true;
  if (p->type == REFUSE || p->type == KICKED) {
    on_close(c, p);
    return true;
  }
  if (c->state == LOGIN) {
    if (p->type == WELCOME) return on_welcome(c, p);
    if (p->type != QUEUED) return false;
    c->is_queued = true;
    event_packet(p);
    return true;
  }
  switch (p->type) {
    case REPLY:
    case ERROR: return on_answer(c, p);
    case PUSH: return on_push(c, p, size);
    case PONG: event_packet(p); return true;
    case RENEW:
      set_text(&c->resume_token, &p->fields[0]);
      event_packet(p);
      return true;
    default: return false; /* a second welcome, or queued after it */
  }
}

void on_bytes(Client *c) {
  size_t pos = 0, n;
  const uint8_t *bytes;
  while (c->fd >= 0) {
    Split split = split_packet(&c->in, &pos, PACKET_DOWN_SIZE_MAX, &bytes, &n);
    if (split == SPLIT_MORE) {
      buf_drop(&c->in, pos);
      return;
    }
    Arena arena = {0};
    Packet packet;
    bool ok =
        split == SPLIT_PACKET && decode_packet(bytes, n, false, &arena, &packet) == NULL && on_packet(c, &packet, n);
    arena_free(&arena);
    if (!ok) {
      /* What the session knows can't be trusted any more: a push that is bad would come again after each resume. */
      forget_session(c, "the server broke the protocol");
      end_connection(c, split == SPLIT_LARGE ? "too_large" : "bad_packet", true);
      return;
    }
  }
}
