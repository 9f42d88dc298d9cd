// Opens authenticated WebSocket connections and leaves them idle; measures handshakes and the server's memory.
//
//   connections PORT PID PATHS WARM_UP STEP STEPS
//
// PATHS names a file with one WebSocket path a line. The first WARM_UP connections are not counted; then STEPS times
// STEP more are opened, PARALLEL handshakes at a time. Prints one JSON object.
#include <stdio.h>
#include <stdlib.h>

#include "client.h"

enum { PARALLEL = 64 };
static const double SETTLE = 1.0;
static size_t opened, wanted;

static void on_opened(Peer *peer) {
  (void)peer;
  opened++;
}

static void open_up_to(Peer *peers, char **paths, size_t total) {
  double deadline = now_seconds() + 60;
  while (opened < total) {
    for (; wanted < total && wanted - opened < PARALLEL; wanted++)
      peer_connect(&peers[wanted], PEER_WEBSOCKET, wanted, paths[wanted]);
    client_poll(0.1);
    if (now_seconds() > deadline) fail("%zu of %zu handshakes in 60 s", opened, total);
  }
}

int main(int count, char **arguments) {
  if (count != 7) fail("usage: connections PORT PID PATHS WARM_UP STEP STEPS");
  pid_t pid = atoi(arguments[2]);
  size_t lines, warm_up = strtoul(arguments[4], NULL, 10), step = strtoul(arguments[5], NULL, 10),
                steps = strtoul(arguments[6], NULL, 10);
  char **paths = read_lines(arguments[3], &lines);
  if (lines < warm_up + step * steps) fail("%zu paths are too few", lines);
  client_init(atoi(arguments[1]), (Callbacks){.opened = on_opened});
  Peer *peers = allocate(lines, sizeof *peers);
  open_up_to(peers, paths, warm_up);
  client_rest(SETTLE);
  printf("{\"resident_kib\":[%ld", resident_kib(pid));
  double *seconds = allocate(steps, sizeof *seconds), *cpu = allocate(steps, sizeof *cpu);
  for (size_t i = 0; i < steps; i++) {
    double start = now_seconds(), cpu_start = cpu_seconds(pid);
    open_up_to(peers, paths, warm_up + step * (i + 1));
    seconds[i] = now_seconds() - start;
    client_rest(SETTLE);
    cpu[i] = cpu_seconds(pid) - cpu_start;
    printf(",%ld", resident_kib(pid));
  }
  printf("],\"step\":%zu,\"seconds\":[", step);
  for (size_t i = 0; i < steps; i++) printf("%s%.6f", i ? "," : "", seconds[i]);
  printf("],\"server_cpu\":[");
  for (size_t i = 0; i < steps; i++) printf("%s%.6f", i ? "," : "", cpu[i]);
  printf("]}\n");
  return 0;
}
