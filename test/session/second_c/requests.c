/* Requests of a session: which are to be sent, and how fast. */
#include "client.h"
#include "events.h"

#include <stdlib.h>
#include <string.h>

void add_send(Client *c, uint32_t seq, SendKind kind) {
  if (c->send_count == c->send_cap) {
    c->send_cap = c->send_cap * 2 + 64;
    c->sends = must(realloc(c->sends, c->send_cap * sizeof(Send)));
  }
  c->sends[c->send_count++] = (Send){seq, kind};
}

void plan_resends(Client *c) {
  Send *old = c->sends;
  size_t n = c->send_count;
  c->sends = NULL;
  c->send_count = c->send_cap = 0;
  for (uint32_t i = 0; i < c->request_count; i++) {
    if (c->requests[i].sent && !c->requests[i].answered) add_send(c, i + 1, SEND_AGAIN);
  }
  for (size_t i = 0; i < n; i++) {
    Request *r = &c->requests[old[i].seq - 1];
    if (!r->sent || (old[i].kind == SEND_REPEAT && r->answered)) add_send(c, old[i].seq, old[i].kind);
  }
  free(old);
}

static void fill_buckets(Client *c) {
  double seconds = (double)(c->now - c->filled_at) / 1000;
  c->packets_left += PACKETS_A_SECOND * seconds;
  c->bytes_left += BYTES_A_SECOND * seconds;
  if (c->packets_left > PACKETS_BURST) c->packets_left = PACKETS_BURST;
  if (c->bytes_left > BYTES_BURST) c->bytes_left = BYTES_BURST;
  c->filled_at = c->now;
}

/* Sends what the limits allow. Answers the milliseconds until more may go by the rate, or -1. */
int64_t pump_sends(Client *c) {
  size_t done = 0;
  int64_t wait = -1;
  fill_buckets(c);
  for (; c->state == ONLINE && done < c->send_count; done++) {
    Send s = c->sends[done];
    Request *r = &c->requests[s.seq - 1];
    if (s.kind == SEND_AGAIN && r->answered) continue;
    bool counts = s.kind == SEND_REPEAT ? r->answered : !r->waiting;
    if (counts && c->waiting >= REQUESTS_WAITING_MAX) break;
    if (c->packets_left < 1 || c->bytes_left < r->size) {
      double for_packets = (1 - c->packets_left) / PACKETS_A_SECOND,
             for_bytes = (r->size - c->bytes_left) / BYTES_A_SECOND;
      wait = (int64_t)((for_packets > for_bytes ? for_packets : for_bytes) * 1000) + 1;
      break;
    }
    c->packets_left -= 1;
    c->bytes_left -= r->size;
    buf_add(&c->out, r->packet, r->size);
    if (counts) c->waiting++;
    if (s.kind == SEND_REPEAT)
      r->repeats += counts;
    else
      r->sent = r->waiting = true;
  }
  c->send_count -= done;
  if (done > 0) memmove(c->sends, c->sends + done, c->send_count * sizeof(Send));
  return wait;
}

bool on_answer(Client *c, const Packet *p) {
  int64_t seq = p->fields[0].u.i;
  if (seq < 1 || seq > c->request_count || !c->requests[seq - 1].sent) return false;
  Request *r = &c->requests[seq - 1];
  if (r->answered && r->repeats == 0) return true; /* a second answer after a resume */
  if (r->waiting || r->repeats > 0) c->waiting--;
  if (r->answered) r->repeats--;
  r->answered = true;
  r->waiting = false;
  event_packet(p);
  return true;
}
