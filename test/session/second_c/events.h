/*
 * What the program tells whoever drives it: a JSON line each, flushed. The event of a packet has its fields, and there
 * are `acked`, `heard_before` (a push that was taken already), `error` also for requests that nobody will answer (`seq` 0:
 * one that got no number), and `closed` with `why`: cut, ended (by the server), silent, bad_packet or too_large.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "packets.h"

void event_open(const char *name);
void event_value(const char *key, const Value *value);
void event_text(const char *key, const char *text);
void event_int(const char *key, int64_t i);
void event_close(void);
/* A packet's fields under their names. */
void event_packet(const Packet *p);
/* One with a number alone. */
void event_number(const char *name, const char *key, int64_t i);
void event_error(uint32_t seq, const char *code, const char *detail, Value executed);
/* Of a command that is none, or not now: on stderr. */
void complain(const char *what);

#endif
