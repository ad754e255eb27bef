/*
 * Values of MessagePack and of JSON. Texts and bytes are not copied: they stay where they were read.
 */
#ifndef VALUE_H
#define VALUE_H

#include "bytes.h"

#define U32_MAX 4294967295LL
/* 2^53 - 1: up to here a double holds every integer. */
#define SAFE_MAX 9007199254740991LL

typedef enum { V_NIL, V_BOOL, V_INT, V_UINT, V_FLOAT, V_STR, V_BIN, V_ARRAY, V_MAP } Kind;
typedef struct Value Value;

struct Value {
  Kind kind;
  uint32_t n; /* bytes of V_STR and V_BIN, items of V_ARRAY, pairs of V_MAP (keys and values by turns) */

  union {
    bool b;
    int64_t i;
    uint64_t u; /* of V_UINT: more than INT64_MAX */
    double f;
    const uint8_t *bytes;
    Value *items;
  } u;
};

Value nil_value(void);
Value int_value(int64_t i);
Value uint_value(uint64_t u);
Value bool_value(bool b);
Value bytes_value(Kind kind, const void *bytes, size_t n);
Value text_value(const char *text);
bool is_text(const Value *v, const char *text);
/* Whether a float is an integer that int64_t and double hold alike; false for NaN. */
bool is_safe(double f);
/* The length of UTF-8 in UTF-16 units, or -1 if it is no UTF-8. */
int64_t utf16_length(const uint8_t *p, size_t n);
/* The text of these bytes, with U+FFFD for each that is no part of UTF-8. */
Value repaired_text(Arena *arena, const uint8_t *p, size_t n);
/* The last value of a key, as in JSON, or NULL. */
const Value *map_get(const Value *map, const char *key);
bool value_equal(const Value *a, const Value *b);

#endif
