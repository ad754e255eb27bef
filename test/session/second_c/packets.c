/* Packets: packets.h. */
#include "packets.h"

#include "msgpack.h"

/* clang-format off: a row is a packet. */
static const Spec SPECS[] = {
    {HELLO,
     true,
     "hello",
     3,
     {{"protocol", F_PROTOCOL, 0, U32_MAX},
      {"token", F_TEXT, 1, PACKET_UP_SIZE_MAX_LOGIN},
      {"resume", F_RESUME, 0, 0}}},
    {REQUEST, true, "request", 3, {{"seq", F_INT, 1, U32_MAX}, {"method", F_INT, 1024, 65535}, {"body", F_ANY, 0, 0}}},
    {ACK, true, "ack", 1, {{"pushSeq", F_INT, 0, U32_MAX}}},
    {PING, true, "ping", 1, {{"n", F_INT, 0, U32_MAX}}},
    {BYE, true, "bye", 0, {{NULL, F_ANY, 0, 0}}},
    {WELCOME, false, "welcome", 1, {{"welcome", F_WELCOME, 0, 0}}},
    {QUEUED, false, "queued", 2, {{"place", F_INT, 0, U32_MAX}, {"estimateMs", F_INT, 0, U32_MAX}}},
    {REFUSE,
     false,
     "refuse",
     3,
     {{"code", F_CLOSE_CODE, 1, NAME_LENGTH_MAX},
      {"detail", F_TEXT, 0, DETAIL_LENGTH_MAX},
      {"retryMs", F_INT_NIL, 0, U32_MAX}}},
    {REPLY, false, "reply", 2, {{"seq", F_INT, 1, U32_MAX}, {"body", F_ANY, 0, 0}}},
    {ERROR,
     false,
     "error",
     4,
     {{"seq", F_INT, 1, U32_MAX},
      {"code", F_ERROR_CODE, 1, NAME_LENGTH_MAX},
      {"detail", F_TEXT, 0, DETAIL_LENGTH_MAX},
      {"executed", F_BOOL_NIL, 0, 0}}},
    {PUSH,
     false,
     "push",
     3,
     {{"pushSeq", F_INT, 1, U32_MAX}, {"type", F_TEXT, 1, NAME_LENGTH_MAX}, {"body", F_ANY, 0, 0}}},
    {PONG, false, "pong", 2, {{"n", F_INT, 0, U32_MAX}, {"serverMs", F_INT, 0, SAFE_MAX}}},
    {KICKED,
     false,
     "kicked",
     2,
     {{"code", F_CLOSE_CODE, 1, NAME_LENGTH_MAX}, {"detail", F_TEXT, 0, DETAIL_LENGTH_MAX}}},
    {RENEW, false, "renew", 1, {{"resumeToken", F_TEXT, 1, RESUME_TOKEN_LENGTH_MAX}}},
};
/* clang-format on */

const Field RESUME_FIELDS[3] = {
    {"session", F_TEXT, 1, NAME_LENGTH_MAX},
    {"resumeToken", F_TEXT, 1, RESUME_TOKEN_LENGTH_MAX},
    {"ackedPush", F_INT, 0, U32_MAX},
};
const Field WELCOME_FIELDS[W_FIELDS] = {
    {"session", F_TEXT, 1, NAME_LENGTH_MAX},
    {"player", F_TEXT, 1, NAME_LENGTH_MAX},
    {"resumeToken", F_TEXT, 1, RESUME_TOKEN_LENGTH_MAX},
    {"resumed", F_BOOL, 0, 0},
    {"serverMs", F_INT, 0, SAFE_MAX},
    {"heartbeatMs", F_INT, 1, U32_MAX},
    {"windowMs", F_INT, 0, U32_MAX},
    {"answered", F_INT, 0, U32_MAX},
};

static const struct {
  const char *code;
  Fate fate;
} CLOSE_CODES[] = {
    {"internal", AGAIN},      {"bad_packet", ANEW},     {"unsupported_protocol", STOP},
    {"bad_token", STOP},      {"token_expired", AGAIN}, {"session_gone", ANEW},
    {"full", AGAIN},          {"maintenance", AGAIN},   {"replaced", STOP},
    {"kicked", STOP},         {"too_fast", AGAIN},      {"too_large", ANEW},
    {"out_of_order", ANEW},   {"slow_reader", AGAIN},   {"idle", AGAIN},
    {"login_timeout", AGAIN}, {"shutting_down", AGAIN}, {"too_many_connections", AGAIN},
};

static const char *const ERROR_CODES[] = {
    "FAILED", "NO_ROUTE", "LINK_LOST", "DEADLINE", "OVERLOADED", "DRAINING", "UNKNOWN_METHOD", "INVALID",
};

/* A known code, or the first, which an unknown one is to be read as. */
static size_t close_code_index(const Value *code) {
  for (size_t i = 0; i < COUNT(CLOSE_CODES); i++)
    if (is_text(code, CLOSE_CODES[i].code)) return i;
  return 0;
}

static const char *error_code(const Value *code) {
  for (size_t i = 0; i < COUNT(ERROR_CODES); i++)
    if (is_text(code, ERROR_CODES[i])) return ERROR_CODES[i];
  return ERROR_CODES[0];
}

Fate fate_of(const Value *code) { return CLOSE_CODES[close_code_index(code)].fate; }

static bool take_int(const Value *in, Value *out, int64_t min, int64_t max) {
  int64_t i;
  if (in->kind == V_INT)
    i = in->u.i;
  else if (in->kind == V_FLOAT && is_safe(in->u.f))
    i = (int64_t)in->u.f;
  else
    return false;
  *out = int_value(i);
  return i >= min && i <= max;
}

static bool take_field(const Field *field, const Value *in, Value *out, Arena *arena) {
  *out = *in;
  int64_t length = in->kind == V_STR ? utf16_length(in->u.bytes, in->n) : -1;
  bool fits = length >= field->min && length <= field->max;
  switch (field->kind) {
    case F_ANY: return true;
    case F_INT_NIL:
      if (in->kind == V_NIL) return true; /* fall through */
    case F_INT:
    case F_PROTOCOL: return take_int(in, out, field->min, field->max);
    case F_TEXT: return fits;
    case F_BOOL_NIL:
      if (in->kind == V_NIL) return true; /* fall through */
    case F_BOOL: return in->kind == V_BOOL;
    case F_CLOSE_CODE:
      if (fits) *out = text_value(CLOSE_CODES[close_code_index(in)].code);
      return fits;
    case F_ERROR_CODE:
      if (fits) *out = text_value(error_code(in));
      return fits;
    case F_RESUME:
      if (in->kind == V_NIL) return true;
      if (in->kind != V_ARRAY || in->n != COUNT(RESUME_FIELDS)) return false;
      out->u.items = arena_get(arena, in->n * sizeof(Value));
      for (uint32_t i = 0; i < in->n; i++)
        if (!take_field(&RESUME_FIELDS[i], &in->u.items[i], &out->u.items[i], arena)) return false;
      return true;
    case F_WELCOME:
      if (in->kind != V_MAP) return false;
      *out = (Value){.kind = V_MAP, .n = W_FIELDS, .u.items = arena_get(arena, 2 * W_FIELDS * sizeof(Value))};
      for (int i = 0; i < W_FIELDS; i++) {
        const Value *value = map_get(in, WELCOME_FIELDS[i].name);
        out->u.items[2 * i] = text_value(WELCOME_FIELDS[i].name);
        if (value == NULL || !take_field(&WELCOME_FIELDS[i], value, &out->u.items[2 * i + 1], arena)) return false;
      }
      return true;
  }
  return false;
}

static const Spec *spec_of(int64_t type, bool up) {
  for (size_t i = 0; i < COUNT(SPECS); i++)
    if (SPECS[i].type == type && SPECS[i].up == up) return &SPECS[i];
  return NULL;
}

const char *decode_packet(const uint8_t *p, size_t n, bool up, Arena *arena, Packet *out) {
  Value value, type, protocol;
  if (!read_whole(p, n, arena, &value) || value.kind != V_ARRAY || value.n == 0) return "bad_packet";
  if (!take_int(&value.u.items[0], &type, 0, TYPE_MAX)) return "bad_packet";
  *out = (Packet){.spec = spec_of(type.u.i, up), .type = (int)type.u.i};
  if (out->spec == NULL) return type.u.i > TYPE_OLD_MAX ? NULL : "bad_packet";
  if (out->type == HELLO && value.n > 1 && take_int(&value.u.items[1], &protocol, -SAFE_MAX, SAFE_MAX) &&
      protocol.u.i != 1) {
    return "unsupported_protocol";
  }
  if (value.n != out->spec->n + 1) return "bad_packet";
  for (uint32_t i = 0; i < out->spec->n; i++) {
    if (!take_field(&out->spec->fields[i], &value.u.items[i + 1], &out->fields[i], arena)) return "bad_packet";
  }
  return NULL;
}

void encode_packet(Buf *b, const Packet *packet) {
  write_head(b, packet->spec->n + 1, 0x90, 15, 0, 0xdc);
  write_int(b, packet->type);
  for (uint32_t i = 0; i < packet->spec->n; i++) write_value(b, &packet->fields[i]);
}

Packet up_packet(int type) { return (Packet){.spec = spec_of(type, true), .type = type}; }

void frame_packet(Buf *b, const Packet *packet) {
  Buf bytes = {0};
  encode_packet(&bytes, packet);
  buf_be(b, bytes.len, 4);
  buf_add(b, bytes.data, bytes.len);
  buf_free(&bytes);
}

Split split_packet(const Buf *stream, size_t *pos, size_t size_max, const uint8_t **packet, size_t *n) {
  if (stream->len - *pos < 4) return SPLIT_MORE;
  const uint8_t *p = stream->data + *pos;
  *n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
  if (*n == 0) return SPLIT_BAD;
  if (*n > size_max) return SPLIT_LARGE;
  if (stream->len - *pos - 4 < *n) return SPLIT_MORE;
  *packet = p + 4;
  *pos += 4 + *n;
  return SPLIT_PACKET;
}
