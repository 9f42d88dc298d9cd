import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket as NodeWebSocket, WebSocketServer } from "ws";
import { settled } from "@/lib/testing/fake-clock";
import { browserSockets, type SocketListener } from "./socket";

/** Errors are events that a page may ignore; the package throws them when nobody listens. */
class QuietWebSocket extends NodeWebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    this.on("error", () => undefined);
  }
}

// The package's class keeps to the browser's interface in all that is used here.
const BrowserWebSocket = QuietWebSocket as unknown as typeof WebSocket;

let server: WebSocketServer;
let url: string;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, handleProtocols: () => "tandem.v1" });
  await once(server, "listening");
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/user-1`;
});

afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

function listening() {
  let tellMessage: (text: string) => void;
  let tellClosed: (closed: [number, string]) => void;
  const message = new Promise<string>((resolve) => (tellMessage = resolve));
  const closed = new Promise<[number, string]>((resolve) => (tellClosed = resolve));
  const heard: string[] = [];
  const listener: SocketListener = {
    message: (text) => {
      heard.push(text);
      tellMessage(text);
    },
    closed: (code, reason) => {
      heard.push(`closed ${code}`);
      tellClosed([code, reason]);
    },
  };
  return { listener, message, closed, heard };
}

describe("a socket of the browser", () => {
  it("carries its token as a subprotocol, messages both ways, and the code of its end [HS1 WS10]", async () => {
    const open = browserSockets(url, BrowserWebSocket);
    const { listener, message, closed } = listening();
    const connection = once(server, "connection");
    const socket = open("token-1", listener);
    const [peer, request] = (await connection) as [NodeWebSocket, { headers: Record<string, string> }];
    expect(request.headers["sec-websocket-protocol"]).toBe("tandem.v1,bearer.token-1");
    peer.send('{"type":"pong"}');
    expect(await message).toBe('{"type":"pong"}');
    const answer = once(peer, "message");
    socket.send('{"type":"ping"}');
    expect(String((await answer)[0])).toBe('{"type":"ping"}');
    peer.close(4001, "slow");
    expect(await closed).toEqual([4001, "slow"]);
  });

  it("tells of a failed handshake as a closed socket [CL15]", async () => {
    const { listener, closed } = listening();
    server.close();
    await once(server, "close");
    browserSockets(url, BrowserWebSocket)("token-1", listener);
    expect(await closed).toEqual([1006, ""]);
  });

  it("tells of an address that is none as a closed socket", async () => {
    const { listener, closed } = listening();
    const socket = browserSockets("no address", BrowserWebSocket)("token-1", listener);
    socket.send("{}");
    socket.close();
    expect(await closed).toEqual([1006, ""]);
  });

  it("says nothing after it was closed from here [CL12]", async () => {
    const { listener, heard } = listening();
    const connection = once(server, "connection");
    const socket = browserSockets(url, BrowserWebSocket)("token-1", listener);
    const [peer] = (await connection) as [NodeWebSocket];
    const end = once(peer, "close");
    socket.close();
    peer.send("late");
    await end;
    await settled();
    expect(heard).toEqual([]);
  });

  it("that died unnoticed is found when something is sent [CL12 F10]", () => {
    const { listener, heard } = listening();
    class Dead {
      static readonly OPEN = 1;
      static readonly CONNECTING = 0;
      readonly readyState = 3;
      close(): void {
        // A dead socket has nothing to close.
      }
    }
    const socket = browserSockets(url, Dead as unknown as typeof WebSocket)("token-1", listener);
    socket.send("{}");
    socket.send("{}");
    expect(heard).toEqual(["closed 1006"]);
  });
});
