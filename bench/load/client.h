// What the load clients share: many HTTP/1.1 and WebSocket connections to one port of this machine, on one epoll.
//
// In C because the client must cost less than the servers that it measures. One thread, no queues: every callback
// runs inside client_poll(). Whatever goes wrong ends the program with one line on stderr and exit status 1.
#ifndef TANDEM_BENCH_CLIENT_H
#define TANDEM_BENCH_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum { PEER_CONNECTING, PEER_UPGRADING, PEER_OPEN } PeerState;
typedef enum { PEER_HTTP, PEER_WEBSOCKET } PeerKind;

typedef struct {
  int fd;
  PeerKind kind;
  PeerState state;
  size_t index;      // The caller's number for it.
  const char *path;  // WebSocket: what is asked for at the handshake.
  uint8_t *rest;     // Bytes of a message whose end has not come yet.
  size_t rest_length, rest_capacity;
} Peer;

typedef struct {
  void (*opened)(Peer *peer);
  void (*message)(Peer *peer, const uint8_t *payload, size_t length);
  void (*answer)(Peer *peer, int status, const uint8_t *body, size_t length);
} Callbacks;

void client_init(int port, Callbacks callbacks);
void peer_connect(Peer *peer, PeerKind kind, size_t index, const char *path);
void peer_post(Peer *peer, const char *path, const char *headers, const char *body, size_t length);
// Handles what has come; waits at most so long for it.
void client_poll(double seconds);
// Polls until done() or the deadline, after which it fails with what was waited for.
void client_poll_until(int (*done)(void), double seconds, const char *awaited);
void client_rest(double seconds);

double now_seconds(void);
// User and system time of another process, all its threads.
double cpu_seconds(pid_t pid);
double own_cpu_seconds(void);
long resident_kib(pid_t pid);

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The file's bytes with a zero behind them.
char *read_file(const char *name, size_t *length);
// The lines of a file; count receives how many there are.
char **read_lines(const char *name, size_t *count);
void *allocate(size_t count, size_t size);

#endif
