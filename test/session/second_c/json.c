/* JSON: json.h. */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void json_string(Buf *b, const uint8_t *p, size_t n) {
  buf_byte(b, '"');
  for (size_t i = 0; i < n; i++) {
    if (p[i] == '"' || p[i] == '\\') {
      buf_byte(b, '\\');
      buf_byte(b, p[i]);
    } else if (p[i] < 0x20)
      buf_print(b, "\\u%04x", p[i]);
    else
      buf_byte(b, p[i]);
  }
  buf_byte(b, '"');
}

void json_write(Buf *b, const Value *v) {
  switch (v->kind) {
    case V_NIL: buf_text(b, "null"); return;
    case V_BOOL: buf_text(b, v->u.b ? "true" : "false"); return;
    case V_INT:
      if (v->u.i > SAFE_MAX || v->u.i < -SAFE_MAX)
        buf_print(b, "{\"$integer\":\"%lld\"}", (long long)v->u.i);
      else
        buf_print(b, "%lld", (long long)v->u.i);
      return;
    case V_UINT: buf_print(b, "{\"$integer\":\"%llu\"}", (unsigned long long)v->u.u); return;
    case V_FLOAT: {
      if (v->u.f - v->u.f != 0) { /* NaN and the infinities */
        buf_text(b, "null");
        return;
      }
      char text[40];
      for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v->u.f);
        if (strtod(text, NULL) == v->u.f) break;
      }
      buf_text(b, text);
      return;
    }
    case V_STR: json_string(b, v->u.bytes, v->n); return;
    case V_BIN:
      buf_text(b, "{\"$bytes\":\"");
      for (uint32_t i = 0; i < v->n; i++) buf_print(b, "%02x", v->u.bytes[i]);
      buf_text(b, "\"}");
      return;
    case V_ARRAY:
    case V_MAP: break;
  }
  bool map = v->kind == V_MAP;
  buf_byte(b, map ? '{' : '[');
  for (uint32_t i = 0; i < v->n; i++) {
    if (i > 0) buf_byte(b, ',');
    if (map) {
      json_write(b, &v->u.items[2 * i]);
      buf_byte(b, ':');
    }
    json_write(b, &v->u.items[map ? 2 * i + 1 : i]);
  }
  buf_byte(b, map ? '}' : ']');
}

/* A text that ends with NUL. */
typedef struct {
  const char *p;
  Arena *arena;
} Json;

static void json_space(Json *j) {
  while (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r') j->p++;
}

static Value arena_bytes(Arena *arena, Kind kind, Buf *from) {
  uint8_t *copy = arena_get(arena, from->len);
  if (from->len > 0) memcpy(copy, from->data, from->len);
  Value v = bytes_value(kind, copy, from->len);
  buf_free(from);
  return v;
}

static bool json_unit(Json *j, uint32_t *unit) {
  *unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(*j->p);
    if (digit < 0) return false;
    *unit = *unit << 4 | (uint32_t)digit;
    j->p++;
  }
  return true;
}

static void buf_utf8(Buf *b, uint32_t c) {
  static const uint8_t heads[] = {0, 0xc0, 0xe0, 0xf0};
  int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  buf_byte(b, heads[more] | c >> (6 * more));
  while (more-- > 0) buf_byte(b, 0x80 | (c >> (6 * more) & 63));
}

static bool json_escape(Json *j, Buf *b) {
  static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
  char c = *j->p;
  if (c == 0) return false;
  j->p++;
  if (c != 'u') {
    const char *name = strchr(names, c);
    if (name != NULL) buf_byte(b, (uint8_t)means[name - names]);
    return name != NULL;
  }
  uint32_t unit, low;
  if (!json_unit(j, &unit)) return false;
  if (unit >= 0xd800 && unit <= 0xdbff && j->p[0] == '\\' && j->p[1] == 'u') {
    Json ahead = {j->p + 2, j->arena};
    if (json_unit(&ahead, &low) && low >= 0xdc00 && low <= 0xdfff) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      j->p = ahead.p;
    }
  }
  buf_utf8(b, unit >= 0xd800 && unit <= 0xdfff ? 0xfffd : unit); /* half a pair can't be written */
  return true;
}

static bool json_text(Json *j, Value *out) {
  Buf b = {0};
  bool ok = *j->p++ == '"';
  while (ok && *j->p != '"') {
    if ((uint8_t)*j->p < 0x20)
      ok = false;
    else if (*j->p != '\\')
      buf_byte(&b, (uint8_t)*j->p++);
    else {
      j->p++;
      ok = json_escape(j, &b);
    }
  }
  if (!ok) {
    buf_free(&b);
    return false;
  }
  j->p++;
  *out = arena_bytes(j->arena, V_STR, &b);
  return true;
}

static bool json_number(Json *j, Value *out) {
  const char *start = j->p;
  char *end;
  size_t digits = strspn(start + (*start == '-'), "0123456789");
  if (digits == 0 || start[(*start == '-') + digits] == 'x') return false; /* strtod knows more: inf, nan, 0x */
  double f = strtod(start, &end);
  j->p = end;
  *out = (Value){.kind = V_FLOAT, .u.f = f};
  if (is_safe(f) && (f != 0 || *start != '-')) *out = int_value((int64_t)f);
  return true;
}

static bool json_word(Json *j, const char *word) {
  bool found = strncmp(j->p, word, strlen(word)) == 0;
  if (found) j->p += strlen(word);
  return found;
}

/* Makes what is tagged of a map that was read; false if the tag holds something else. */
static bool json_untag(Json *j, Value *map) {
  if (map->n != 1 || map->u.items[1].kind != V_STR) return true;
  const Value *text = &map->u.items[1];
  Buf bytes = {0};
  bool ok = true;
  if (is_text(&map->u.items[0], "$bytes")) {
    ok = hex_bytes(text->u.bytes, text->n, &bytes);
    if (ok) *map = arena_bytes(j->arena, V_BIN, &bytes);
  } else if (is_text(&map->u.items[0], "$integer")) {
    buf_add(&bytes, text->u.bytes, text->n);
    const char *digits = (const char *)bytes.data;
    bool below = *digits == '-';
    char *end;
    errno = 0;
    *map = below ? int_value(strtoll(digits, &end, 10)) : uint_value(strtoull(digits, &end, 10));
    ok = errno == 0 && end == digits + text->n && text->n > below;
  }
  buf_free(&bytes);
  return ok;
}

static bool json_value(Json *j, Value *out, int depth);

/* The key of a pair and its colon. */
static bool json_key(Json *j, Buf *items) {
  Value key;
  if (!json_text(j, &key)) return false;
  json_space(j);
  if (*j->p != ':') return false;
  j->p++;
  buf_add(items, &key, sizeof key);
  return true;
}

/* An array, or a map; its bracket was read. */
static bool json_container(Json *j, Value *out, bool map, int depth) {
  char close = map ? '}' : ']';
  bool ok = depth < 100;
  Buf items = {0};
  json_space(j);
  for (bool first = true; ok && *j->p != close; first = false) {
    Value item;
    if (!first) {
      ok = *j->p == ',';
      if (ok) j->p++;
      json_space(j);
    }
    ok = ok && (!map || json_key(j, &items)) && json_value(j, &item, depth + 1);
    if (!ok) break;
    buf_add(&items, &item, sizeof item);
    json_space(j);
  }
  if (!ok) {
    buf_free(&items);
    return false;
  }
  j->p++;
  size_t n = items.len / sizeof(Value);
  Value list = arena_bytes(j->arena, V_BIN, &items);
  *out = (Value){.kind = map ? V_MAP : V_ARRAY, .n = (uint32_t)(map ? n / 2 : n)};
  out->u.items = (Value *)(uintptr_t)list.u.bytes;
  return !map || json_untag(j, out);
}

static bool json_value(Json *j, Value *out, int depth) {
  json_space(j);
  switch (*j->p) {
    case '"': return json_text(j, out);
    case '[':
    case '{': return json_container(j, out, *j->p++ == '{', depth);
    case 'n': *out = nil_value(); return json_word(j, "null");
    case 't': *out = bool_value(true); return json_word(j, "true");
    case 'f': *out = bool_value(false); return json_word(j, "false");
    default: return json_number(j, out);
  }
}

bool json_parse(const char *text, Arena *arena, Value *out) {
  Json j = {text, arena};
  if (!json_value(&j, out, 0)) return false;
  json_space(&j);
  return *j.p == 0;
}
