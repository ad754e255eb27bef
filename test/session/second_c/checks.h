/*
 * The packets held against the vectors, and the decoder fed with bytes that are none. Each answers an exit code.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include "packets.h"

int vectors(const char *path);
int selftest(void);

/* A packet as the vectors show it. */
Value packet_value(Arena *arena, const Packet *p);

#endif
