/* MessagePack: msgpack.h. */
#include "msgpack.h"

#include <string.h>

typedef struct {
  const uint8_t *p, *end;
  Arena *arena;
} Reader;

static bool read_be(Reader *r, int bytes, uint64_t *out) {
  if (r->end - r->p < bytes) return false;
  *out = 0;
  while (bytes-- > 0) *out = *out << 8 | *r->p++;
  return true;
}

static bool read_value(Reader *r, Value *out, int depth);

static bool read_bytes(Reader *r, Value *out, Kind kind, uint64_t n) {
  if ((uint64_t)(r->end - r->p) < n) return false;
  *out = bytes_value(kind, r->p, n);
  r->p += n;
  if (kind == V_STR && utf16_length(out->u.bytes, n) < 0) *out = repaired_text(r->arena, out->u.bytes, n);
  return true;
}

static bool read_items(Reader *r, Value *out, Kind kind, uint64_t n, int depth) {
  uint64_t items = kind == V_MAP ? n * 2 : n;
  if (depth >= DEPTH_MAX || (uint64_t)(r->end - r->p) < items) return false; /* an item has a byte at least */
  *out = (Value){.kind = kind, .n = (uint32_t)n, .u.items = arena_get(r->arena, items * sizeof(Value))};
  for (uint64_t i = 0; i < items; i++) {
    if (!read_value(r, &out->u.items[i], depth + 1)) return false;
    if (kind == V_MAP && i % 2 == 0 && out->u.items[i].kind != V_STR) return false;
  }
  return true;
}

/* Reads one value; `depth` containers are around it. Bytes, and texts that are UTF-8, stay where they are read. */
static bool read_value(Reader *r, Value *out, int depth) {
  uint64_t u;
  if (!read_be(r, 1, &u)) return false;
  unsigned tag = (unsigned)u;
  if (tag <= 0x7f) {
    *out = int_value((int64_t)tag);
    return true;
  }
  if (tag <= 0x8f) return read_items(r, out, V_MAP, tag & 15, depth);
  if (tag <= 0x9f) return read_items(r, out, V_ARRAY, tag & 15, depth);
  if (tag <= 0xbf) return read_bytes(r, out, V_STR, tag & 31);
  if (tag >= 0xe0) {
    *out = int_value((int64_t)tag - 256);
    return true;
  }
  switch (tag) {
    case 0xc0: *out = nil_value(); return true;
    case 0xc2:
    case 0xc3: *out = bool_value(tag == 0xc3); return true;
    case 0xc4:
    case 0xc5:
    case 0xc6: return read_be(r, 1 << (tag - 0xc4), &u) && read_bytes(r, out, V_BIN, u);
    case 0xca: {
      if (!read_be(r, 4, &u)) return false;
      uint32_t bits = (uint32_t)u;
      float f;
      memcpy(&f, &bits, 4);
      *out = (Value){.kind = V_FLOAT, .u.f = f};
      return true;
    }
    case 0xcb:
      if (!read_be(r, 8, &u)) return false;
      *out = (Value){.kind = V_FLOAT};
      memcpy(&out->u.f, &u, 8);
      return true;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      if (!read_be(r, 1 << (tag - 0xcc), &u)) return false;
      *out = uint_value(u);
      return true;
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: {
      int bytes = 1 << (tag - 0xd0);
      if (!read_be(r, bytes, &u)) return false;
      int64_t i = (int64_t)u; /* gcc keeps the bits */
      if (bytes < 8 && (u >> (8 * bytes - 1)) != 0) i -= (int64_t)1 << (8 * bytes);
      *out = int_value(i);
      return true;
    }
    case 0xd9:
    case 0xda:
    case 0xdb: return read_be(r, 1 << (tag - 0xd9), &u) && read_bytes(r, out, V_STR, u);
    case 0xdc:
    case 0xdd: return read_be(r, 2 << (tag - 0xdc), &u) && read_items(r, out, V_ARRAY, u, depth);
    case 0xde:
    case 0xdf: return read_be(r, 2 << (tag - 0xde), &u) && read_items(r, out, V_MAP, u, depth);
    default: return false; /* 0xc1 and the extension types */
  }
}

bool read_whole(const uint8_t *p, size_t n, Arena *arena, Value *out) {
  Reader r = {p, p + n, arena};
  return n > 0 && read_value(&r, out, 0) && r.p == r.end;
}

static void write_float(Buf *b, double f) {
  uint64_t bits;
  memcpy(&bits, &f, 8);
  buf_byte(b, 0xcb);
  buf_be(b, bits, 8);
}

void write_int(Buf *b, int64_t i) {
  if (i > SAFE_MAX || i < -SAFE_MAX) {
    buf_byte(b, 0xd3);
    buf_be(b, (uint64_t)i, 8);
  } else if (i > U32_MAX || i < INT32_MIN)
    write_float(b, (double)i);
  else if (i >= 0 && i < 128)
    buf_byte(b, (unsigned)i);
  else if (i < 0 && i >= -32)
    buf_byte(b, (unsigned)(i + 256));
  else {
    int power = i > 0 ? (i > 65535 ? 2 : i > 255) : (i < INT16_MIN ? 2 : i < INT8_MIN);
    buf_byte(b, (i > 0 ? 0xccu : 0xd0u) + (unsigned)power);
    buf_be(b, (uint64_t)i, 1 << power);
  }
}

void write_head(Buf *b, uint32_t n, unsigned fix, uint32_t fix_max, unsigned tag8, unsigned tag16) {
  if (fix != 0 && n <= fix_max)
    buf_byte(b, fix | n);
  else if (tag8 != 0 && n <= 255) {
    buf_byte(b, tag8);
    buf_be(b, n, 1);
  } else if (n <= 65535) {
    buf_byte(b, tag16);
    buf_be(b, n, 2);
  } else {
    buf_byte(b, tag16 + 1);
    buf_be(b, n, 4);
  }
}

void write_value(Buf *b, const Value *v) {
  switch (v->kind) {
    case V_NIL: buf_byte(b, 0xc0); return;
    case V_BOOL: buf_byte(b, v->u.b ? 0xc3 : 0xc2); return;
    case V_INT: write_int(b, v->u.i); return;
    case V_UINT:
      buf_byte(b, 0xcf);
      buf_be(b, v->u.u, 8);
      return;
    case V_FLOAT: write_float(b, v->u.f); return;
    case V_STR:
      write_head(b, v->n, 0xa0, 31, 0xd9, 0xda);
      buf_add(b, v->u.bytes, v->n);
      return;
    case V_BIN:
      write_head(b, v->n, 0, 0, 0xc4, 0xc5);
      buf_add(b, v->u.bytes, v->n);
      return;
    case V_ARRAY: write_head(b, v->n, 0x90, 15, 0, 0xdc); break;
    case V_MAP: write_head(b, v->n, 0x80, 15, 0, 0xde); break;
  }
  for (size_t i = 0; i < (v->kind == V_MAP ? (size_t)v->n * 2 : v->n); i++) write_value(b, &v->u.items[i]);
}
