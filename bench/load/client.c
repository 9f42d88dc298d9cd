#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// The example of RFC 6455, section 1.3: one key for all, so the answer is known.
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
enum { BUFFER = 1 << 20, EVENTS = 512, OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

static int epoll_fd = -1, server_port;
static Callbacks on;
static uint8_t buffer[BUFFER + 1];

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

void *allocate(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (!memory) fail("out of memory");
  return memory;
}

double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double cpu_seconds(pid_t pid) {
  clockid_t clock;
  struct timespec t;
  if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t)) fail("process %d is gone", (int)pid);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double own_cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

long resident_kib(pid_t pid) {
  char name[64], line[256];
  snprintf(name, sizeof name, "/proc/%d/status", (int)pid);
  FILE *file = fopen(name, "r");
  if (!file) fail("process %d is gone", (int)pid);
  long kib = -1;
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, "VmRSS:", 6)) kib = atol(line + 6);
  fclose(file);
  return kib;
}

char *read_file(const char *name, size_t *length) {
  FILE *file = fopen(name, "rb");
  if (!file || fseek(file, 0, SEEK_END)) fail("cannot read %s", name);
  long size = ftell(file);
  rewind(file);
  char *text = allocate((size_t)size + 1, 1);
  if (fread(text, 1, (size_t)size, file) != (size_t)size) fail("cannot read %s", name);
  fclose(file);
  *length = (size_t)size;
  return text;
}

char **read_lines(const char *name, size_t *count) {
  size_t length, capacity = 0;
  char *text = read_file(name, &length), **lines = NULL;
  *count = 0;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    if (*count == capacity) {
      capacity = capacity ? capacity * 2 : 64;
      lines = realloc(lines, capacity * sizeof *lines);
      if (!lines) fail("out of memory");
    }
    lines[(*count)++] = line;
  }
  return lines;
}

void client_init(int port, Callbacks callbacks) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  server_port = port;
  on = callbacks;
  epoll_fd = epoll_create1(0);
  if (epoll_fd < 0) fail("epoll: %s", strerror(errno));
}

static void watch(Peer *peer, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = peer};
  if (epoll_ctl(epoll_fd, operation, peer->fd, &event)) fail("epoll: %s", strerror(errno));
}

void peer_connect(Peer *peer, PeerKind kind, size_t index, const char *path) {
  *peer = (Peer){.kind = kind, .state = PEER_CONNECTING, .index = index, .path = path};
  peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (peer->fd < 0) fail("socket: %s", strerror(errno));
  int one = 1;
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  // Ends with a reset, so that thousands of connections leave no ports in TIME_WAIT.
  struct linger linger = {1, 0};
  setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server_port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(peer->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
    fail("connect: %s", strerror(errno));
  watch(peer, EPOLL_CTL_ADD, EPOLLOUT);
}

static void send_all(Peer *peer, const void *data, size_t length) {
  const uint8_t *from = data;
  while (length) {
    ssize_t sent = send(peer->fd, from, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      usleep(50);
    } else if (sent < 0) {
      fail("send: %s", strerror(errno));
    } else {
      from += sent;
      length -= (size_t)sent;
    }
  }
}

static void send_pong(Peer *peer, const uint8_t *payload, size_t length) {
  uint8_t frame[6 + 125] = {0x80 | OP_PONG, (uint8_t)(0x80 | length)};  // The mask is zero, which is one too.
  if (length > 125) fail("a control frame of %zu bytes", length);
  memcpy(frame + 6, payload, length);
  send_all(peer, frame, 6 + length);
}

void peer_post(Peer *peer, const char *path, const char *headers, const char *body, size_t length) {
  static char head[16384];
  int size = snprintf(head, sizeof head,
                      "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                      "Content-Length: %zu\r\n%s\r\n",
                      path, server_port, length, headers);
  if (size < 0 || (size_t)size + length > sizeof head) fail("the request is too long");
  memcpy(head + size, body, length);
  send_all(peer, head, (size_t)size + length);
}

static void connected(Peer *peer) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) fail("connect: %s", strerror(error));
  watch(peer, EPOLL_CTL_MOD, EPOLLIN);
  if (peer->kind == PEER_HTTP) {
    peer->state = PEER_OPEN;
    if (on.opened) on.opened(peer);
    return;
  }
  static char request[16384];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\nOrigin: http://127.0.0.1:%d\r\n\r\n",
                        peer->path, server_port, server_port);
  if (length < 0 || (size_t)length >= sizeof request) fail("the path is too long");
  peer->state = PEER_UPGRADING;
  send_all(peer, request, (size_t)length);
}

// Each of these returns how many bytes it used up; 0 when the end of the message has not come yet.
static size_t read_upgrade(Peer *peer, uint8_t *data) {
  char *end = strstr((char *)data, "\r\n\r\n");
  if (!end) return 0;
  if (strncmp((char *)data, "HTTP/1.1 101", 12) || !strstr((char *)data, ACCEPT))
    fail("the handshake was refused: %.300s", data);
  peer->state = PEER_OPEN;
  if (on.opened) on.opened(peer);
  return (size_t)(end + 4 - (char *)data);
}

static size_t read_answer(Peer *peer, uint8_t *data, size_t length) {
  char *end = strstr((char *)data, "\r\n\r\n");
  if (!end) return 0;
  *end = 0;
  char *field = strcasestr((char *)data, "\r\ncontent-length:");
  size_t head = (size_t)(end + 4 - (char *)data), body = field ? strtoul(field + 17, NULL, 10) : 0;
  int status = atoi((char *)data + 9);
  *end = '\r';
  if (length - head < body) return 0;
  if (on.answer) on.answer(peer, status, data + head, body);
  return head + body;
}

static size_t read_frame(Peer *peer, const uint8_t *data, size_t length) {
  if (length < 2) return 0;
  size_t size = data[1] & 0x7f, head = 2;
  if (size == 126) {
    if (length < 4) return 0;
    size = (size_t)data[2] << 8 | data[3];
    head = 4;
  } else if (size == 127) {
    fail("a frame of 64 KiB or more");
  }
  if (data[0] & 0x70 || !(data[0] & 0x80) || data[1] & 0x80) fail("a fragmented, compressed or masked frame");
  if (length < head + size) return 0;
  int operation = data[0] & 0x0f;
  if (operation == OP_TEXT) {
    if (on.message) on.message(peer, data + head, size);
  } else if (operation == OP_PING) {
    send_pong(peer, data + head, size);
  } else if (operation == OP_CLOSE) {
    fail("connection %zu was closed: %d", peer->index, size >= 2 ? data[head] << 8 | data[head + 1] : 0);
  } else if (operation != OP_PONG) {
    fail("a frame with opcode %d", operation);
  }
  return head + size;
}

static void readable(Peer *peer) {
  memcpy(buffer, peer->rest, peer->rest_length);
  ssize_t got = recv(peer->fd, buffer + peer->rest_length, BUFFER - peer->rest_length, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) fail("connection %zu broke: %s", peer->index, got ? strerror(errno) : "end of stream");
  size_t length = peer->rest_length + (size_t)got, used, at = 0;
  buffer[length] = 0;
  while (at < length) {
    if (peer->state == PEER_UPGRADING) {
      used = read_upgrade(peer, buffer + at);
    } else if (peer->kind == PEER_HTTP) {
      used = read_answer(peer, buffer + at, length - at);
    } else {
      used = read_frame(peer, buffer + at, length - at);
    }
    if (!used) break;
    at += used;
  }
  peer->rest_length = length - at;
  if (peer->rest_length == BUFFER) fail("a message is too long");
  if (peer->rest_length > peer->rest_capacity) {
    peer->rest_capacity = peer->rest_length * 2;
    peer->rest = realloc(peer->rest, peer->rest_capacity);
    if (!peer->rest) fail("out of memory");
  }
  if (peer->rest_length) memcpy(peer->rest, buffer + at, peer->rest_length);
}

void client_poll(double seconds) {
  static struct epoll_event events[EVENTS];
  // epoll_wait() counts in whole milliseconds.
  struct timespec timeout = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (time_t)seconds) * 1e9)};
  struct pollfd waiting = {.fd = epoll_fd, .events = POLLIN};
  if (seconds > 0) ppoll(&waiting, 1, &timeout, NULL);
  int count = epoll_wait(epoll_fd, events, EVENTS, 0);
  for (int i = 0; i < count; i++) {
    Peer *peer = events[i].data.ptr;
    if (peer->state == PEER_CONNECTING) {
      connected(peer);
    } else {
      readable(peer);
    }
  }
}

void client_poll_until(int (*done)(void), double seconds, const char *awaited) {
  double deadline = now_seconds() + seconds;
  while (!done()) {
    client_poll(0.1);
    if (now_seconds() > deadline) fail("waited %.0f s in vain for %s", seconds, awaited);
  }
}

void client_rest(double seconds) {
  double end = now_seconds() + seconds;
  while (now_seconds() < end) client_poll(0.01);
}
