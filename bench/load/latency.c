// Creates tasks at a given rate and waits for each on another device's socket: create-to-seen latency.
//
//   latency PORT ACCOUNTS RATE COUNT RUN
//
// ACCOUNTS names a file with an account a line: the path of the reading device's socket, the path at which tasks are
// created, and the writing device's token. Accounts take turns.
//
// An open loop: the moments at which tasks are created are drawn beforehand (a Poisson process of RATE a second), and
// each latency counts from that moment, also when the server was late with what came before (no coordinated
// omission). RUN is a number that tells this run's tasks from another's. Prints one JSON object, times in
// microseconds: from the planned moment to the socket's message, and to the HTTP answer.
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum { CONNECTIONS = 32, ACCOUNTS_MAX = 64, UNKNOWN = -1 };
static const char TITLE[] = "\"title\":\"create-to-seen ";

typedef struct {
  Peer socket;
  char *socket_path, *tasks_path, *token;
} Account;

static Account accounts[ACCOUNTS_MAX];
static size_t account_count;
static size_t opened, total, seen, answered;
static double *planned, *seen_after, *answered_after;
static Peer http[CONNECTIONS];
static long busy_with[CONNECTIONS];
static unsigned long run;

static void on_opened(Peer *peer) {
  (void)peer;
  opened++;
}

static void on_message(Peer *peer, const uint8_t *payload, size_t length) {
  double now = now_seconds();
  char *title = memmem(payload, length, TITLE, sizeof TITLE - 1);
  if (!title) return;  // A greeting or a heartbeat.
  char *end;
  unsigned long number_of_run = strtoul(title + sizeof TITLE - 1, &end, 10), task = strtoul(end, NULL, 10);
  if (number_of_run != run) return;
  if (task >= total || task % account_count != peer->index || seen_after[task] >= 0) fail("task %lu came twice, or was never made", task);
  seen_after[task] = now - planned[task];
  seen++;
}

static void on_answer(Peer *peer, int status, const uint8_t *body, size_t length) {
  if (status != 201) fail("status %d: %.*s", status, (int)length, body);
  long task = busy_with[peer->index];
  answered_after[task] = now_seconds() - planned[task];
  busy_with[peer->index] = UNKNOWN;
  answered++;
}

static int all_open(void) { return opened == CONNECTIONS + account_count; }
static int all_seen(void) { return seen == total && answered == total; }

static Peer *idle_connection(void) {
  for (size_t i = 0; i < CONNECTIONS; i++)
    if (busy_with[i] == UNKNOWN) return &http[i];
  return NULL;
}

static void read_accounts(const char *name) {
  char **lines = read_lines(name, &account_count);
  if (!account_count || account_count > ACCOUNTS_MAX) fail("%zu accounts are none or too many", account_count);
  for (size_t i = 0; i < account_count; i++) {
    char *rest;
    accounts[i].socket_path = strtok_r(lines[i], " ", &rest);
    accounts[i].tasks_path = strtok_r(NULL, " ", &rest);
    accounts[i].token = strtok_r(NULL, " ", &rest);
    if (!accounts[i].token) fail("%s: line %zu is not three words", name, i + 1);
  }
}

static void create(Peer *peer, size_t task) {
  const Account *account = &accounts[task % account_count];
  char headers[9000], body[256];
  snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\nIdempotency-Key: latency-%lu-%zu\r\n", account->token, run, task);
  int length = snprintf(body, sizeof body,
                        "{\"title\":\"create-to-seen %lu %zu\",\"description\":\"Milk, eggs, bread\",\"priority\":\"medium\"}",
                        run, task);
  busy_with[peer->index] = (long)task;
  peer_post(peer, account->tasks_path, headers, body, (size_t)length);
}

static void print_list(const char *name, const double *values) {
  printf("\"%s\":[", name);
  for (size_t i = 0; i < total; i++) printf("%s%.1f", i ? "," : "", values[i] * 1e6);
  printf("]");
}

int main(int count, char **arguments) {
  if (count != 6) fail("usage: latency PORT ACCOUNTS RATE COUNT RUN");
  read_accounts(arguments[2]);
  double rate = atof(arguments[3]);
  total = strtoul(arguments[4], NULL, 10);
  run = strtoul(arguments[5], NULL, 10);
  planned = allocate(total, sizeof *planned);
  seen_after = allocate(total, sizeof *seen_after);
  answered_after = allocate(total, sizeof *answered_after);
  client_init(atoi(arguments[1]), (Callbacks){on_opened, on_message, on_answer});
  for (size_t i = 0; i < account_count; i++)
    peer_connect(&accounts[i].socket, PEER_WEBSOCKET, i, accounts[i].socket_path);
  for (size_t i = 0; i < CONNECTIONS; i++) {
    busy_with[i] = UNKNOWN;
    peer_connect(&http[i], PEER_HTTP, i, NULL);
  }
  client_poll_until(all_open, 30, "the handshakes");
  client_rest(0.3);
  srand48((long)run);
  double at = now_seconds() + 0.1;
  for (size_t i = 0; i < total; i++) {
    planned[i] = at;
    seen_after[i] = -1;
    at -= log(1 - drand48()) / rate;
  }
  double deadline = at + 30;
  for (size_t task = 0; task < total;) {
    double wait = planned[task] - now_seconds();
    Peer *idle = wait <= 0 ? idle_connection() : NULL;
    if (idle) create(idle, task++);
    // It sleeps: polling would take a core from servers that share it. Where all connections are busy an answer wakes it.
    client_poll(idle ? 0 : wait > 0 ? wait : 0.1);
    if (now_seconds() > deadline) fail("the server is too slow for %.0f writes a second", rate);
  }
  client_poll_until(all_seen, 30, "the last tasks");
  printf("{");
  print_list("seen", seen_after);
  printf(",");
  print_list("answered", answered_after);
  printf("}\n");
  return 0;
}
