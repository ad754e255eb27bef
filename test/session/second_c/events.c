/* Events: events.h. */
#include "events.h"

#include "json.h"

#include <stdio.h>

static Buf event;

void event_open(const char *name) {
  event.len = 0;
  buf_print(&event, "{\"event\":\"%s\"", name);
}

void event_value(const char *key, const Value *value) {
  buf_print(&event, ",\"%s\":", key);
  json_write(&event, value);
}

void event_text(const char *key, const char *text) {
  Value v = text_value(text);
  event_value(key, &v);
}

void event_int(const char *key, int64_t i) {
  Value v = int_value(i);
  event_value(key, &v);
}

void event_close(void) {
  buf_text(&event, "}\n");
  fwrite(event.data, 1, event.len, stdout);
  fflush(stdout);
}

void event_packet(const Packet *p) {
  event_open(p->spec->kind);
  for (uint32_t i = 0; i < p->spec->n; i++) event_value(p->spec->fields[i].name, &p->fields[i]);
  event_close();
}

void event_number(const char *name, const char *key, int64_t i) {
  event_open(name);
  event_int(key, i);
  event_close();
}

void event_error(uint32_t seq, const char *code, const char *detail, Value executed) {
  event_open("error");
  event_int("seq", seq);
  event_text("code", code);
  event_text("detail", detail);
  event_value("executed", &executed);
  event_close();
}

void complain(const char *what) { fprintf(stderr, "client: %s\n", what); }
