/* Every vector, one line each: checks.h. */
#include "checks.h"
#include "events.h"
#include "json.h"
#include "msgpack.h"

#include <stdio.h>
#include <string.h>

Value packet_value(Arena *arena, const Packet *p) {
  Value *items = arena_get(arena, 10 * sizeof(Value));
  Value map = {.kind = V_MAP, .n = 1, .u.items = items};
  items[0] = text_value("kind");
  items[1] = text_value(p->spec == NULL ? "ignored" : p->spec->kind);
  if (p->spec == NULL) {
    items[2] = text_value("type");
    items[3] = int_value(p->type);
    map.n = 2;
    return map;
  }
  for (uint32_t i = 0; i < p->spec->n; i++) {
    const Field *field = &p->spec->fields[i];
    Value value = p->fields[i];
    if (field->kind == F_PROTOCOL) continue;
    if (field->kind == F_RESUME && value.kind == V_ARRAY) {
      Value *pairs = arena_get(arena, 6 * sizeof(Value));
      for (int k = 0; k < 3; k++) {
        pairs[2 * k] = text_value(RESUME_FIELDS[k].name);
        pairs[2 * k + 1] = value.u.items[k];
      }
      value = (Value){.kind = V_MAP, .n = 3, .u.items = pairs};
    }
    items[2 * map.n] = text_value(field->name);
    items[2 * map.n + 1] = value;
    map.n++;
  }
  return map;
}

static bool same_text(const Value *expected, const char *text) {
  return text == NULL ? expected->kind == V_NIL : is_text(expected, text);
}

/* Answers NULL, or what differs. */
static const char *check_packet(const Value *v, Arena *arena, Buf *bytes, Buf *written) {
  const Value *hex = map_get(v, "hex"), *way = map_get(v, "way"), *fields = map_get(v, "fields"),
              *expected = map_get(v, "packet");
  const Value *fault = map_get(v, "fault"), *is_written = map_get(v, "written");
  Value raw, shown;
  Packet packet;
  if (!hex || !way || !fields || !expected || !fault || !is_written || hex->kind != V_STR)
    return "the vector lacks a key";
  if (!hex_bytes(hex->u.bytes, hex->n, bytes)) return "hex";
  bool read = read_whole(bytes->data, bytes->len, arena, &raw);
  if (read != (fields->kind != V_NIL) || (read && !value_equal(&raw, fields))) return "fields";
  const char *found = decode_packet(bytes->data, bytes->len, is_text(way, "up"), arena, &packet);
  if (!same_text(fault, found)) return "fault";
  if (found != NULL) return NULL;
  shown = packet_value(arena, &packet);
  if (!value_equal(&shown, expected)) return "packet";
  if (!is_written->u.b) return NULL;
  write_value(written, fields);
  if (!same_bytes(written, bytes)) return "written from the fields";
  written->len = 0;
  encode_packet(written, &packet);
  return same_bytes(written, bytes) ? NULL : "written from the packet";
}

/* Feeds a stream in steps, as TCP may bring it. */
static const char *check_stream(const Value *v, size_t step, Buf *bytes, Buf *expected) {
  const Value *stream = map_get(v, "stream"), *max = map_get(v, "sizeMax"), *packets = map_get(v, "packets"),
              *fault = map_get(v, "fault");
  if (!stream || !max || !packets || !fault || stream->kind != V_STR || packets->kind != V_ARRAY)
    return "the vector lacks a key";
  if (!hex_bytes(stream->u.bytes, stream->n, bytes)) return "hex";
  Buf part = {.data = bytes->data, .len = 0, .cap = bytes->cap};
  size_t pos = 0, n, count = 0;
  const uint8_t *packet;
  Split split = SPLIT_MORE;
  while (split == SPLIT_MORE && part.len < bytes->len) {
    part.len = part.len + step < bytes->len ? part.len + step : bytes->len;
    while ((split = split_packet(&part, &pos, (size_t)max->u.i, &packet, &n)) == SPLIT_PACKET) {
      if (count == packets->n) return "a packet too many";
      expected->len = 0;
      if (!hex_bytes(packets->u.items[count].u.bytes, packets->u.items[count].n, expected)) return "hex";
      if (expected->len != n || memcmp(expected->data, packet, n) != 0) return "a packet";
      count++;
    }
  }
  if (count != packets->n) return "a packet too few";
  return same_text(fault, split == SPLIT_BAD     ? "bad_packet"
                          : split == SPLIT_LARGE ? "too_large"
                                                 : NULL)
             ? NULL
             : "fault";
}

int vectors(const char *path) {
  static const char *const lists[] = {"packets", "streams"};
  FILE *file = fopen(path, "rb");
  Buf text = {0};
  Arena arena = {0};
  Value all;
  int result = 0, count = 0;
  if (file == NULL) {
    perror(path);
    return 2;
  }
  for (size_t n = 1; n > 0; text.len += n) {
    buf_reserve(&text, 65536);
    n = fread(text.data + text.len, 1, 65536, file);
  }
  fclose(file);
  text.data[text.len] = 0;
  if (!json_parse((const char *)text.data, &arena, &all)) {
    complain("the file is no JSON");
    result = 2;
  }
  for (int l = 0; l < 2 && result == 0; l++) {
    const Value *list = map_get(&all, lists[l]);
    if (list == NULL || list->kind != V_ARRAY) {
      complain("the file lacks a list");
      result = 2;
      break;
    }
    for (uint32_t i = 0; i < list->n && result == 0; i++, count++) {
      const Value *v = &list->u.items[i], *name = map_get(v, "name");
      const char *difference = NULL;
      for (size_t step = 1; step <= (l == 0 ? 1 : 64) && difference == NULL; step++) {
        Buf a = {0}, b = {0};
        difference = l == 0 ? check_packet(v, &arena, &a, &b) : check_stream(v, step, &a, &b);
        buf_free(&a);
        buf_free(&b);
      }
      printf("%s %s: %.*s", difference == NULL ? "ok" : "DIFFERS", lists[l], name ? (int)name->n : 1,
             name ? (const char *)name->u.bytes : "?");
      printf(difference == NULL ? "\n" : ": %s\n", difference);
      if (difference != NULL) result = 1;
    }
  }
  printf("%d vectors\n", count);
  arena_free(&arena);
  buf_free(&text);
  return result;
}
