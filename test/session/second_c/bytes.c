/* Bytes and memory: bytes.h. */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must(void *memory) {
  if (memory == NULL) {
    fputs("client: out of memory\n", stderr);
    exit(2);
  }
  return memory;
}

void buf_reserve(Buf *b, size_t more) {
  if (b->len + more + 1 <= b->cap) return;
  b->cap = (b->len + more + 1) * 2;
  b->data = must(realloc(b->data, b->cap));
}

void buf_add(Buf *b, const void *bytes, size_t n) {
  buf_reserve(b, n);
  if (n > 0) memcpy(b->data + b->len, bytes, n);
  b->len += n;
  b->data[b->len] = 0;
}

void buf_byte(Buf *b, unsigned byte) {
  uint8_t x = (uint8_t)byte;
  buf_add(b, &x, 1);
}

void buf_text(Buf *b, const char *text) { buf_add(b, text, strlen(text)); }

void buf_be(Buf *b, uint64_t value, int bytes) {
  while (bytes-- > 0) buf_byte(b, (unsigned)(value >> (8 * bytes)));
}

void buf_drop(Buf *b, size_t n) {
  if (n == 0) return;
  b->len -= n;
  memmove(b->data, b->data + n, b->len);
}

void buf_free(Buf *b) {
  free(b->data);
  *b = (Buf){0};
}

void buf_print(Buf *b, const char *format, ...) {
  char text[128];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  buf_text(b, text);
}

bool same_bytes(const Buf *a, const Buf *b) {
  return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int hex_digit(int c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

bool hex_bytes(const uint8_t *hex, size_t n, Buf *out) {
  if (n % 2 != 0) return false;
  for (size_t i = 0; i < n; i += 2) {
    int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    buf_byte(out, (unsigned)(high << 4 | low));
  }
  return true;
}

struct Block {
  struct Block *next;
  size_t used, cap;
  max_align_t data[];
};

void *arena_get(Arena *a, size_t size) {
  size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  if (a->head == NULL || a->head->cap - a->head->used < size) {
    size_t cap = size > 8192 ? size : 8192;
    Block *block = must(malloc(sizeof(Block) + cap));
    *block = (Block){.next = a->head, .used = 0, .cap = cap};
    a->head = block;
  }
  void *memory = (uint8_t *)a->head->data + a->head->used;
  a->head->used += size;
  return memory;
}

void arena_free(Arena *a) {
  while (a->head != NULL) {
    Block *next = a->head->next;
    free(a->head);
    a->head = next;
  }
}
