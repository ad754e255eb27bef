/*
 * The packets of the players' protocol (docs/client.md, sections 2, 3 and 11): bytes to checked fields and back, and the
 * packets of a TCP stream. Knows no connection.
 */
#ifndef PACKETS_H
#define PACKETS_H

#include "value.h"

/* Limits of section 11. */
enum {
  PACKET_UP_SIZE_MAX_LOGIN = 4096,
  PACKET_UP_SIZE_MAX = 65536,
  PACKET_DOWN_SIZE_MAX = 1048576,
  REQUESTS_WAITING_MAX = 32,
  NAME_LENGTH_MAX = 128,
  RESUME_TOKEN_LENGTH_MAX = 256,
  DETAIL_LENGTH_MAX = 1024
};

enum {
  HELLO = 1,
  REQUEST = 2,
  ACK = 3,
  PING = 4,
  BYE = 5,
  WELCOME = 16,
  QUEUED = 17,
  REFUSE = 18,
  REPLY = 19,
  ERROR = 20,
  PUSH = 21,
  PONG = 22,
  KICKED = 23,
  RENEW = 24,
  TYPE_OLD_MAX = 63,
  TYPE_MAX = 127
};

typedef enum {
  F_INT,
  F_INT_NIL,
  F_TEXT,
  F_BOOL,
  F_BOOL_NIL,
  F_ANY,
  F_CLOSE_CODE,
  F_ERROR_CODE,
  F_PROTOCOL,
  F_RESUME,
  F_WELCOME
} FieldKind;

typedef struct {
  const char *name;
  FieldKind kind;
  int64_t min, max; /* of the number, or of the text's length */
} Field;

typedef struct {
  int type;
  bool up;
  const char *kind;
  uint32_t n;
  Field fields[4];
} Spec;

enum { W_SESSION, W_PLAYER, W_RESUME_TOKEN, W_RESUMED, W_SERVER_MS, W_HEARTBEAT_MS, W_WINDOW_MS, W_ANSWERED, W_FIELDS };

extern const Field RESUME_FIELDS[3];
extern const Field WELCOME_FIELDS[W_FIELDS];

/* What a client does after a refuse or kicked (section 9). */
typedef enum { AGAIN, ANEW, STOP } Fate;

Fate fate_of(const Value *code);

/* A packet that was checked: numbers are V_INT, codes are known, a welcome's map has WELCOME_FIELDS in their order. */
typedef struct {
  const Spec *spec; /* NULL: passed over */
  int type;
  Value fields[4];
} Packet;

/* Decodes a packet of one way. Answers NULL, or the code of its fault. */
const char *decode_packet(const uint8_t *p, size_t n, bool up, Arena *arena, Packet *out);
void encode_packet(Buf *b, const Packet *packet);
/* Writes a packet with its size before it. */
void frame_packet(Buf *b, const Packet *packet);
/* One of the client's, its fields still to be set. */
Packet up_packet(int type);

typedef enum { SPLIT_PACKET, SPLIT_MORE, SPLIT_BAD, SPLIT_LARGE } Split;

/* Takes the next packet of a TCP stream from `pos` on. */
Split split_packet(const Buf *stream, size_t *pos, size_t size_max, const uint8_t **packet, size_t *n);

#endif
