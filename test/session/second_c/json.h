/*
 * JSON. Bytes are {"$bytes": hex} and integers that no double holds {"$integer": text}, as in the vectors; NaN and the infinities are written as null.
 */
#ifndef JSON_H
#define JSON_H

#include "value.h"

void json_write(Buf *b, const Value *v);
/* Reads a text that ends with NUL and is exactly one value. */
bool json_parse(const char *text, Arena *arena, Value *out);

#endif
