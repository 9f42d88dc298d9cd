// Reads numbered events from many sockets, each of which has to get a certain number of them, in whatever order.
//
//   receive PORT PATHS FIRST COUNT
//
// PATHS names a file with one WebSocket path a line. Writes a line "open" when all sockets are; then every socket has
// to get the events FIRST to FIRST + COUNT - 1, each once. Prints one JSON object: when the last one came, in seconds
// of CLOCK_MONOTONIC, and the client's own CPU from "open" on.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static const char SEQ[] = "\"seq\":";
static size_t sockets, opened, first, count, received;
static char *seen;  // A row of `count` for each socket.
static double last;

static void on_opened(Peer *peer) {
  (void)peer;
  opened++;
}

static void on_message(Peer *peer, const uint8_t *payload, size_t length) {
  if (!memmem(payload, length < 64 ? length : 64, "task_update", 11)) return;  // A greeting or a heartbeat.
  char *at = memmem(payload, length, SEQ, sizeof SEQ - 1);
  size_t number = at ? strtoul(at + sizeof SEQ - 1, NULL, 10) - first : count;
  if (number >= count) fail("socket %zu got an event that is not for it: %.*s", peer->index, (int)length, payload);
  char *mark = &seen[peer->index * count + number];
  if (*mark) fail("socket %zu got event %zu twice", peer->index, number);
  *mark = 1;
  received++;
  last = now_seconds();
}

static void on_answer(Peer *peer, int status, const uint8_t *body, size_t length) {
  (void)peer, (void)status, (void)body, (void)length;
}

static int all_open(void) { return opened == sockets; }
static int all_received(void) { return received == sockets * count; }

int main(int argument_count, char **arguments) {
  if (argument_count != 5) fail("usage: receive PORT PATHS FIRST COUNT");
  char **paths = read_lines(arguments[2], &sockets);
  first = strtoul(arguments[3], NULL, 10);
  count = strtoul(arguments[4], NULL, 10);
  seen = allocate(sockets * count, 1);
  client_init(atoi(arguments[1]), (Callbacks){on_opened, on_message, on_answer});
  Peer *peers = allocate(sockets, sizeof *peers);
  for (size_t i = 0; i < sockets; i++) peer_connect(&peers[i], PEER_WEBSOCKET, i, paths[i]);
  client_poll_until(all_open, 60, "the handshakes");
  client_rest(0.5);  // Subscriptions are through then.
  printf("open\n");
  fflush(stdout);
  double own = own_cpu_seconds();
  client_poll_until(all_received, 120, "the last events");
  own = own_cpu_seconds() - own;
  client_rest(0.1);  // One too many would come now.
  printf("{\"last\":%.6f,\"client_cpu\":%.6f}\n", last, own);
  return 0;
}
