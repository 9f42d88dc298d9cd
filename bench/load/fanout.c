// Posts events one after another and reads each from many sockets; measures the server's CPU for it.
//
//   fanout PORT PID PATHS BODY EVENTS SAMPLE
//
// PATHS names a file with one WebSocket path a line, BODY a file with the request that publishes one event, in which
// every FIRST_SEQ is replaced by the event's number. The next event is posted when everybody has got the one before
// and the request is answered. The first delivery is written to SAMPLE; every other must equal it byte by byte but
// for the number, and every socket must get every event once and in order. Prints one JSON object.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum { DIGITS = 9, PLACES = 8, WARM_UP = 20 };
static const char FIRST_SEQ[] = "100000000";

static size_t sockets, opened, answered, delivered;
static size_t *next;  // Of each socket, the event that has to come.
static char *sample;
static size_t sample_length;
static const char *sample_file;

// Writes the event's number to every place of FIRST_SEQ in a text; finds the places at the first call.
typedef struct {
  char *text;
  size_t length, places[PLACES], count;
} Template;

static Template expected, body;

static void find_places(Template *template, char *text, size_t length) {
  *template = (Template){.text = text, .length = length};
  for (char *at = text; (at = memmem(at, length - (size_t)(at - text), FIRST_SEQ, DIGITS)); at += DIGITS) {
    if (template->count == PLACES) fail("the number stands in too many places");
    template->places[template->count++] = (size_t)(at - text);
  }
  if (!template->count) fail("the number stands nowhere in %.200s", text);
}

static void fill(Template *template, size_t event) {
  char digits[DIGITS + 1];
  snprintf(digits, sizeof digits, "%zu", (size_t)100000000 + event);
  for (size_t i = 0; i < template->count; i++) memcpy(template->text + template->places[i], digits, DIGITS);
}

static void on_opened(Peer *peer) {
  (void)peer;
  opened++;
}

static void on_message(Peer *peer, const uint8_t *payload, size_t length) {
  if (!memmem(payload, length < 64 ? length : 64, "task_update", 11)) return;  // A greeting or a heartbeat.
  if (!sample) {
    sample = allocate(length + 1, 1);
    memcpy(sample, payload, length);
    sample_length = length;
    FILE *file = fopen(sample_file, "wb");
    if (!file || fwrite(payload, 1, length, file) != length || fclose(file)) fail("cannot write %s", sample_file);
    find_places(&expected, sample, length);
  }
  if (length != sample_length || memcmp(payload, expected.text, length))
    fail("socket %zu got for event %zu: %.*s", peer->index, next[peer->index], (int)length, payload);
  next[peer->index]++;
  delivered++;
}

static void on_answer(Peer *peer, int status, const uint8_t *text, size_t length) {
  (void)peer;
  if (status != 200 || !memmem(text, length, "SUCCESS", 7)) fail("status %d: %.*s", status, (int)length, text);
  answered++;
}

static size_t published;
static int all_open(void) { return opened == sockets + 1; }
static int all_delivered(void) { return delivered == published * sockets && answered == published; }

static void publish(Peer *http, size_t events) {
  for (size_t i = 0; i < events; i++) {
    fill(&body, published);
    if (expected.count) fill(&expected, published);
    peer_post(http, "/events/task-updates", "", body.text, body.length);
    published++;
    client_poll_until(all_delivered, 30, "the deliveries of an event");
  }
}

int main(int count, char **arguments) {
  if (count != 7) fail("usage: fanout PORT PID PATHS BODY EVENTS SAMPLE");
  pid_t pid = atoi(arguments[2]);
  size_t events = strtoul(arguments[5], NULL, 10), length;
  char **paths = read_lines(arguments[3], &sockets), *text = read_file(arguments[4], &length);
  sample_file = arguments[6];
  find_places(&body, text, length);
  next = allocate(sockets, sizeof *next);
  client_init(atoi(arguments[1]), (Callbacks){on_opened, on_message, on_answer});
  Peer *peers = allocate(sockets, sizeof *peers), http;
  peer_connect(&http, PEER_HTTP, 0, NULL);
  for (size_t i = 0; i < sockets; i++) peer_connect(&peers[i], PEER_WEBSOCKET, i, paths[i]);
  client_poll_until(all_open, 60, "the handshakes");
  client_rest(0.3);
  publish(&http, WARM_UP);

  size_t before = delivered;
  double cpu = cpu_seconds(pid), own = own_cpu_seconds(), start = now_seconds();
  publish(&http, events);
  double seconds = now_seconds() - start;
  cpu = cpu_seconds(pid) - cpu;
  own = own_cpu_seconds() - own;
  client_rest(0.1);  // A delivery too many would come now.
  for (size_t i = 0; i < sockets; i++)
    if (next[i] != published) fail("socket %zu got %zu of %zu events", i, next[i], published);
  printf("{\"sockets\":%zu,\"events\":%zu,\"deliveries\":%zu,\"payload_bytes\":%zu,\"seconds\":%.6f,"
         "\"server_cpu\":%.6f,\"client_cpu\":%.6f}\n",
         sockets, events, delivered - before, sample_length, seconds, cpu, own);
  return 0;
}
