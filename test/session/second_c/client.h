/*
 * A client of one player: its session, its connection and what is to be sent. What the server says is session.c, requests
 * and how fast they go requests.c, the socket and the times connection.c, commands commands.c.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "packets.h"

/* The times that the page names, and the rate of section 11. */
enum {
  HELD_MAX = 256,
  WELCOME_MS_MAX = 15000,
  QUEUED_SILENCE_MS = 30000,
  CONNECT_MS_MAX = 10000,
  BYE_MS_MAX = 1000,
  PACKETS_A_SECOND = 40,
  PACKETS_BURST = 100,
  BYTES_A_SECOND = 48 * 1024,
  BYTES_BURST = 384 * 1024,
  ACK_DELAY_MS = 200,
  ACK_PUSHES = 64,
  ACK_BYTES = 256 * 1024,
  PAUSE_MS_MIN = 500,
  PAUSE_MS_MAX = 15000,
  ONLINE_MS_GOOD = 10000
};

struct addrinfo;

typedef struct {
  uint8_t *packet; /* with its size before it */
  uint32_t size;
  bool sent, answered;
  bool waiting;     /* sent on this connection and not answered */
  uint32_t repeats; /* answers that are owed to the command `repeat` */
} Request;

typedef enum { SEND_FIRST, SEND_AGAIN, SEND_REPEAT } SendKind;

typedef struct {
  uint32_t seq;
  SendKind kind;
} Send;

typedef enum { OFFLINE, PAUSING, CONNECTING, LOGIN, ONLINE, LEAVING } State;

typedef struct {
  const char *host, *port, *token;
  State state;
  int fd;
  struct addrinfo *addresses, *address;
  Buf in, out;
  int64_t now, heard_at, connect_at, connecting_at, online_at, leave_at, ping_at, ack_at; /* ack_at 0: nothing to say */
  int64_t heartbeat_ms;
  uint32_t ping_n;
  /* The session: `requests[seq - 1]`; what is to be sent, in order. */
  bool has_session;
  Buf session, resume_token;
  Request *requests;
  uint32_t request_count, request_cap, waiting;
  Send *sends;
  size_t send_count, send_cap;
  uint32_t push_taken, ack_pushes;
  size_t ack_bytes;
  bool asked_resume, acked_given, is_queued;
  uint32_t acked;
  double packets_left, bytes_left; /* token buckets of section 11 */
  int64_t filled_at;
  /* Pauses of 5.5. */
  bool must_pause;
  int failures;
  int64_t pause_bound, retry_ms;
  uint64_t random;
} Client;

/* requests.c */
void add_send(Client *c, uint32_t seq, SendKind kind);
/* After a resume: first all that was sent and has no answer, then what was never sent and the commands `repeat`. */
void plan_resends(Client *c);
/* Sends what the limits allow. Answers the milliseconds until more may go by the rate, or -1. */
int64_t pump_sends(Client *c);
/* An answer has come; false for a fault of the server. */
bool on_answer(Client *c, const Packet *p);

/* session.c */
void send_packet(Client *c, const Packet *packet);
void send_number(Client *c, int type, uint32_t n);
void send_ack(Client *c);
/* Says hello; false if it would be too long. */
bool send_hello(Client *c);
/* Forgets the session and tells of what has no answer (6.5). */
void forget_session(Client *c, const char *why);
/* Reads the packets that are in `in`. */
void on_bytes(Client *c);

/* connection.c */
void open_connection(Client *c);
/* The connection is over. Says so last. */
void end_connection(Client *c, const char *why, bool failed);
void read_socket(Client *c);
/* Does what is due. Answers when it has to be called again, in milliseconds. */
int64_t tick(Client *c);

/* commands.c: obeys one line, which it changes. */
void command(Client *c, char *line);

#endif
