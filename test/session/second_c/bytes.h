/*
 * Bytes that grow, and memory of a packet or a JSON text that is freed at once. Who finds no memory ends the program.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

typedef struct {
  uint8_t *data;
  size_t len, cap;
} Buf;
typedef struct Block Block;

typedef struct {
  Block *head;
} Arena;

/* `memory` unless it is NULL. */
void *must(void *memory);

/* Makes room for `more` bytes, and for a NUL behind them. */
void buf_reserve(Buf *b, size_t more);
void buf_add(Buf *b, const void *bytes, size_t n);
void buf_byte(Buf *b, unsigned byte);
void buf_text(Buf *b, const char *text);
/* The lowest `bytes` bytes of `value`, big-endian. */
void buf_be(Buf *b, uint64_t value, int bytes);
/* Drops the first `n` bytes. */
void buf_drop(Buf *b, size_t n);
void buf_free(Buf *b);
__attribute__((format(printf, 2, 3))) void buf_print(Buf *b, const char *format, ...);
bool same_bytes(const Buf *a, const Buf *b);

/* The value of a digit of hex, or -1. */
int hex_digit(int c);
bool hex_bytes(const uint8_t *hex, size_t n, Buf *out);

void *arena_get(Arena *a, size_t size);
void arena_free(Arena *a);

#endif
