import { BEARER_PREFIX, SUBPROTOCOL } from "@/lib/protocol/constants";

/** What a socket tells. After `closed` it tells nothing. */
export interface SocketListener {
  readonly message: (text: string) => void;
  readonly closed: (code: number, reason: string) => void;
}

/** An open socket, or one that is being opened. */
export interface Socket {
  /** Sends a text frame; a socket that is not open swallows it. */
  send(text: string): void;
  /** Closes the socket; its listener hears nothing any more. */
  close(): void;
}

/** Opens a socket with an access token. It never throws: what goes wrong is a `closed`. */
export type OpenSocket = (token: string, listener: SocketListener) => Socket;

const ABNORMAL = 1006;
const NORMAL = 1000;

/**
 * Opens sockets of the browser. The token travels as a subprotocol, which keeps it out of access logs (HS1).
 *
 * @param url - Where the socket is.
 * @param Socket - The browser's class.
 */
export function browserSockets(url: string, Socket: typeof WebSocket): OpenSocket {
  return (token, listener) => {
    const socket = construct(Socket, url, token);
    if (socket === null) return unopened(listener);
    let over = false;
    const end = (code: number, reason: string) => {
      if (over) return;
      over = true;
      listener.closed(code, reason);
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!over && typeof data === "string") listener.message(data);
    };
    socket.onclose = ({ code, reason }) => {
      end(code, reason);
    };
    return {
      send: (text) => {
        if (socket.readyState === Socket.OPEN) socket.send(text);
        // A page that slept may have missed that its socket closed.
        else if (socket.readyState !== Socket.CONNECTING) end(ABNORMAL, "");
      },
      close: () => {
        over = true;
        socket.close(NORMAL);
      },
    };
  };
}

/** An address that is none makes the browser throw. */
function construct(Socket: typeof WebSocket, url: string, token: string): WebSocket | null {
  try {
    return new Socket(url, [SUBPROTOCOL, BEARER_PREFIX + token]);
  } catch {
    return null;
  }
}

function unopened(listener: SocketListener): Socket {
  queueMicrotask(() => {
    listener.closed(ABNORMAL, "");
  });
  return { send: () => undefined, close: () => undefined };
}
