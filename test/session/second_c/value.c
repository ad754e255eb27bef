/* Values: value.h. */
#include "value.h"

#include <string.h>

Value nil_value(void) { return (Value){.kind = V_NIL}; }

Value int_value(int64_t i) { return (Value){.kind = V_INT, .u.i = i}; }

Value uint_value(uint64_t u) { return u <= INT64_MAX ? int_value((int64_t)u) : (Value){.kind = V_UINT, .u.u = u}; }

Value bool_value(bool b) { return (Value){.kind = V_BOOL, .u.b = b}; }

Value bytes_value(Kind kind, const void *bytes, size_t n) {
  return (Value){.kind = kind, .n = (uint32_t)n, .u.bytes = bytes};
}

Value text_value(const char *text) { return bytes_value(V_STR, text, strlen(text)); }

bool is_text(const Value *v, const char *text) {
  return v->kind == V_STR && v->n == strlen(text) && memcmp(v->u.bytes, text, v->n) == 0;
}

bool is_safe(double f) { return f >= -(double)SAFE_MAX && f <= (double)SAFE_MAX && (double)(int64_t)f == f; }

/* The bytes of the character of UTF-8 that begins here, or 0 if none does. */
static size_t utf8_step(const uint8_t *p, size_t n) {
  uint8_t c = p[0];
  if (c < 0x80) return 1;
  size_t size = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (size == 0 || size > n) return 0;
  for (size_t k = 1; k < size; k++)
    if ((p[k] & 0xc0) != 0x80) return 0;
  bool is_longer_than_needed = (c == 0xe0 && p[1] < 0xa0) || (c == 0xf0 && p[1] < 0x90);
  bool is_half_of_a_pair = c == 0xed && p[1] > 0x9f;
  bool is_above_the_last = c == 0xf4 && p[1] > 0x8f;
  return is_longer_than_needed || is_half_of_a_pair || is_above_the_last ? 0 : size;
}

int64_t utf16_length(const uint8_t *p, size_t n) {
  int64_t length = 0;
  for (size_t i = 0; i < n;) {
    size_t size = utf8_step(p + i, n - i);
    if (size == 0) return -1;
    length += size == 4 ? 2 : 1;
    i += size;
  }
  return length;
}

Value repaired_text(Arena *arena, const uint8_t *p, size_t n) {
  static const uint8_t stand_in[] = {0xef, 0xbf, 0xbd};
  uint8_t *text = arena_get(arena, n * sizeof stand_in);
  size_t length = 0;
  for (size_t i = 0; i < n;) {
    size_t size = utf8_step(p + i, n - i);
    memcpy(text + length, size == 0 ? stand_in : p + i, size == 0 ? sizeof stand_in : size);
    length += size == 0 ? sizeof stand_in : size;
    i += size == 0 ? 1 : size;
  }
  return bytes_value(V_STR, text, length);
}

/* The last value of a key, or NULL. */
static const Value *map_find(const Value *map, const Value *key) {
  for (uint32_t i = map->n; i-- > 0;)
    if (value_equal(&map->u.items[2 * i], key)) return &map->u.items[2 * i + 1];
  return NULL;
}

/* Whether `b` has all keys of `a`, with the same values. */
static bool map_within(const Value *a, const Value *b) {
  for (uint32_t i = 0; i < a->n; i++) {
    const Value *key = &a->u.items[2 * i], *other = map_find(b, key);
    if (other == NULL || !value_equal(map_find(a, key), other)) return false;
  }
  return true;
}

const Value *map_get(const Value *map, const char *key) {
  if (map->kind != V_MAP) return NULL;
  for (uint32_t i = map->n; i-- > 0;)
    if (is_text(&map->u.items[2 * i], key)) return &map->u.items[2 * i + 1];
  return NULL;
}

bool value_equal(const Value *a, const Value *b) {
  if (a->kind == V_INT && b->kind == V_FLOAT) return (double)a->u.i == b->u.f;
  if (a->kind == V_FLOAT && b->kind == V_INT) return value_equal(b, a);
  if (a->kind != b->kind) return false;
  switch (a->kind) {
    case V_NIL: return true;
    case V_BOOL: return a->u.b == b->u.b;
    case V_INT: return a->u.i == b->u.i;
    case V_UINT: return a->u.u == b->u.u;
    case V_FLOAT: return a->u.f == b->u.f;
    case V_STR:
    case V_BIN: return a->n == b->n && (a->n == 0 || memcmp(a->u.bytes, b->u.bytes, a->n) == 0);
    case V_MAP: return map_within(a, b) && map_within(b, a);
    case V_ARRAY: break;
  }
  if (a->n != b->n) return false;
  for (uint32_t i = 0; i < a->n; i++)
    if (!value_equal(&a->u.items[i], &b->u.items[i])) return false;
  return true;
}
