/* Values: value.h. */
#include "value.h"

#include <string.h>

Value nil_value(void) { return (Value){.kind = V_NIL}; }

Value int_value(int64_t i) { return (Value){.kind = V_INT, .u.i = i}; }

Value bool_value(bool b) { return (Value){.kind = V_BOOL, .u.b = b}; }

Value bytes_value(Kind kind, const void *bytes, size_t n) {
  return (Value){.kind = kind, .n = (uint32_t)n, .u.bytes = bytes};
}

Value text_value(const char *text) { return bytes_value(V_STR, text, strlen(text)); }

bool is_text(const Value *v, const char *text) {
  return v->kind == V_STR && v->n == strlen(text) && memcmp(v->u.bytes, text, v->n) == 0;
}

bool is_safe(double f) { return f >= -(double)SAFE_MAX && f <= (double)SAFE_MAX && (double)(int64_t)f == f; }

int64_t utf16_length(const uint8_t *p, size_t n) {
  int64_t length = 0;
  for (size_t i = 0; i < n;) {
    uint8_t c = p[i];
    int more = c < 0x80 ? 0 : c >= 0xc2 && c <= 0xdf ? 1 : (c & 0xf0) == 0xe0 ? 2 : c >= 0xf0 && c <= 0xf4 ? 3 : -1;
    if (more < 0 || n - i < (size_t)more + 1) return -1;
    for (int k = 1; k <= more; k++)
      if ((p[i + (size_t)k] & 0xc0) != 0x80) return -1;
    if ((c == 0xe0 && p[i + 1] < 0xa0) || (c == 0xed && p[i + 1] > 0x9f) || (c == 0xf0 && p[i + 1] < 0x90) ||
        (c == 0xf4 && p[i + 1] > 0x8f))
      return -1;
    length += more == 3 ? 2 : 1;
    i += (size_t)more + 1;
  }
  return length;
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
  if (a->kind != b->kind || a->n != b->n) return false;
  switch (a->kind) {
    case V_NIL: return true;
    case V_BOOL: return a->u.b == b->u.b;
    case V_INT: return a->u.i == b->u.i;
    case V_FLOAT: return a->u.f == b->u.f;
    case V_STR:
    case V_BIN: return a->n == 0 || memcmp(a->u.bytes, b->u.bytes, a->n) == 0;
    case V_ARRAY:
    case V_MAP: break;
  }
  for (uint32_t i = 0, k; i < a->n; i++) {
    if (a->kind == V_ARRAY) {
      if (!value_equal(&a->u.items[i], &b->u.items[i])) return false;
      continue;
    }
    for (k = 0; k < b->n && !value_equal(&a->u.items[2 * i], &b->u.items[2 * k]);) k++; /* keys in any order */
    if (k == b->n || !value_equal(&a->u.items[2 * i + 1], &b->u.items[2 * k + 1])) return false;
  }
  return true;
}
