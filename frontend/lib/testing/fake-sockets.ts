import type { ClientMessage, ServerMessage } from "@/lib/protocol/types";
import type { OpenSocket, SocketListener } from "@/lib/websocket/socket";

/** A socket that does only what a test says. */
export class FakeSocket {
  readonly token: string;
  readonly sent: ClientMessage[] = [];
  /** The client closed it. */
  closed = false;
  readonly #listener: SocketListener;

  constructor(token: string, listener: SocketListener) {
    this.token = token;
    this.#listener = listener;
  }

  /** The server says something. */
  say(message: ServerMessage): void {
    this.sayRaw(JSON.stringify(message));
  }

  /** The server, or whoever it is, says anything. */
  sayRaw(text: string): void {
    this.#listener.message(text);
  }

  /** The server says hello. */
  hello(heartbeatSeconds = 30): void {
    this.say({
      type: "hello",
      protocol: 1,
      connection_id: "connection-1",
      heartbeat_interval: heartbeatSeconds,
      token_expires_at: "2026-01-01T00:15:00.000Z",
    });
  }

  /** The socket closes from the other side; 1006 is all that a browser says of a failed handshake. */
  close(code = 1006, reason = ""): void {
    this.#listener.closed(code, reason);
  }
}

/** Makes sockets, and keeps them for the test. */
export class FakeSockets {
  readonly all: FakeSocket[] = [];
  /** Hears of each new socket. */
  opened: (socket: FakeSocket) => void = () => undefined;

  readonly open: OpenSocket = (token, listener) => {
    const socket = new FakeSocket(token, listener);
    this.all.push(socket);
    queueMicrotask(() => {
      this.opened(socket);
    });
    return {
      send: (text) => socket.sent.push(JSON.parse(text) as ClientMessage),
      close: () => {
        socket.closed = true;
      },
    };
  };

  /** The one that was opened last. */
  get last(): FakeSocket {
    const last = this.all.at(-1);
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  }
}
