/*
 * MessagePack as far as the players' protocol has it: no extension types, text keys, at most DEPTH_MAX deep.
 */
#ifndef MSGPACK_H
#define MSGPACK_H

#include "value.h"

enum { DEPTH_MAX = 32 };

/* Reads bytes that are exactly one value. Its texts and bytes stay in `p`. */
bool read_whole(const uint8_t *p, size_t n, Arena *arena, Value *out);
void write_value(Buf *b, const Value *v);
void write_int(Buf *b, int64_t i);
/* Writes the head of what has a length: `fix` with up to `fix_max`, or else `tag8` (0: none), `tag16`, `tag16` + 1. */
void write_head(Buf *b, uint32_t n, unsigned fix, uint32_t fix_max, unsigned tag8, unsigned tag16);

#endif
