/* Truncated, changed and random bytes: checks.h. */
#include "checks.h"
#include "json.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const SAMPLES[] = {
    "940101a7746f6b656e2d31c0",
    "940201cd07d082a56869744964a3682d31a664616d616765cd04b0",
    "9203cc82",
    "920409",
    "9105",
    "93110ccd7530",
    "940101a7746f6b656e2d3193d9203030313132323333343435353636373738383939616162626363646465656666a8726573756d652d37cd01"
    "2c",
    "921088a773657373696f6ed9203030313132323333343435353636373738383939616162626363646465656666a6706c61796572a6e8b7a8e6"
    "9c8dab726573756d65546f6b656ea8726573756d652d38a7726573756d6564c3a87365727665724d73cb4279a7afd1e00000ab686561727462"
    "6561744d73cd2710a877696e646f774d73cdea60a8616e73776572656411",
    "9412a466756c6cd92073657373696f6e732061726520353030302c206c696d69742069732035303030cd07d0",
    "93130181a472616e6b03",
    "951403aa4f5645524c4f41444544a0c2",
    "9415cd012da9626f73735f6f70656e81a47465726da3742d31",
    "931609cb4279a7afd1efa000",
    "9317a87265706c61636564ad61206e65776572206c6f67696e",
    "9218a8726573756d652d39",
    "ddffffffff",
    "dfffffffff",
    "dbffffffff",
    "c6ffffffff",
    "9313019bca7f800000cb7ff8000000000000cf8000000000000001d38000000000000000d1ff00d2ffff0000c40300ff10dc0001c0de0001a1"
    "6bc2d90161e0",
};

/* Decodes bytes both ways; a packet that is taken has to be the same after it was written and read again. */
static bool try_bytes(const uint8_t *bytes, size_t n, uint32_t *taken) {
  bool ok = true;
  uint8_t *exact = must(malloc(n + (n == 0))); /* so that the sanitizer sees a read behind it */
  if (n > 0) memcpy(exact, bytes, n);
  for (int up = 0; up < 2; up++) {
    Arena arena = {0};
    Packet packet, again;
    Buf json = {0}, one = {0}, two = {0};
    if (decode_packet(exact, n, up == 1, &arena, &packet) == NULL) {
      ++*taken;
      Value v = packet_value(&arena, &packet);
      json_write(&json, &v);
      ok = json_parse((const char *)json.data, &arena, &v) && ok;
      if (packet.spec != NULL) {
        encode_packet(&one, &packet);
        ok = decode_packet(one.data, one.len, up == 1, &arena, &again) == NULL && ok;
        if (ok) encode_packet(&two, &again);
        ok = ok && same_bytes(&one, &two);
      }
    }
    buf_free(&json);
    buf_free(&one);
    buf_free(&two);
    arena_free(&arena);
  }
  free(exact);
  return ok;
}

int selftest(void) {
  uint64_t random = 0x123456789abcdef1u;
  uint32_t tries = 0, taken = 0, random_tries = 0;
  bool ok = true;
  for (size_t s = 0; s < COUNT(SAMPLES); s++) {
    Buf b = {0};
    ok = hex_bytes((const uint8_t *)SAMPLES[s], strlen(SAMPLES[s]), &b) && ok;
    for (size_t n = 0; n <= b.len; n++, tries++) {
      uint32_t before = taken;
      ok = try_bytes(b.data, n, &taken) && ok;
      if (n < b.len && taken != before) {
        ok = false;
        printf("a truncated packet was taken: %s at %zu\n", SAMPLES[s], n);
      }
    }
    for (int i = 0; i < 2500; i++, tries++) { /* changed bytes */
      Buf changed = {0};
      buf_add(&changed, b.data, b.len);
      for (uint64_t k = 1 + next_random(&random) % 3; k > 0; k--)
        changed.data[next_random(&random) % b.len] = (uint8_t)(next_random(&random) >> 13);
      ok = try_bytes(changed.data, changed.len, &taken) && ok;
      buf_free(&changed);
    }
    buf_free(&b);
  }
  for (; random_tries < 100000; random_tries++, tries++) {
    uint8_t bytes[256];
    size_t n = next_random(&random) % sizeof bytes, pos = 0, size;
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)(next_random(&random) >> 21);
    if (n > 1 && random_tries % 2 == 0) {
      bytes[0] = 0x91 + random_tries / 2 % 6;
      bytes[1] = (uint8_t)(next_random(&random) % 128);
    }
    ok = try_bytes(bytes, n, &taken) && ok;
    const uint8_t *packet;
    Buf stream = {.data = bytes, .len = n, .cap = n};
    for (size_t i = 0; i < 3 && i < n; i++) bytes[i] = 0; /* a size that may be */
    while (split_packet(&stream, &pos, PACKET_DOWN_SIZE_MAX, &packet, &size) == SPLIT_PACKET)
      ok = try_bytes(packet, size, &taken) && ok;
  }
  printf("%s: %u inputs (%u random), %u packets taken\n", ok ? "ok" : "FAILED", tries, random_tries, taken);
  return ok ? 0 : 1;
}
