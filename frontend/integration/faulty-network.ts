import { WebSocket as NodeWebSocket } from "ws";
import { parseServerMessage } from "@/lib/protocol/messages";
import type { Fault } from "@/lib/testing/acts";
import { EventFates } from "@/lib/testing/event-fates";
import { browserSockets, type OpenSocket } from "@/lib/websocket/socket";
import type { Journal } from "./journal";

type Init = Parameters<typeof globalThis.fetch>[1];

/** The way of one tab to the real server, on which things go wrong as a test says. */
export class FaultyNetwork {
  /** What happens to the next requests. */
  faults: (Fault | null)[] = [];
  /** Nothing arrives, and nobody says so. */
  offline = false;
  readonly fates = new EventFates();
  readonly #journal: Journal;
  readonly #sockets = new Set<NodeWebSocket>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** @param url - Where the user's socket is. */
  sockets(url: string): OpenSocket {
    const open = browserSockets(url, this.#socketClass());
    return (token, { message, closed }) =>
      open(token, {
        message: (text) => {
          this.#journal.said(text);
          const deliver = () => {
            if (!this.offline) message(text);
          };
          if (parseServerMessage(text)?.type === "task_update") this.fates.pass(deliver);
          else deliver();
        },
        closed,
      });
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const fault = this.offline ? "request lost" : this.#nextFault(init);
    if (fault === "request lost") throw new TypeError("the request is lost");
    if (typeof fault === "object" && fault !== null) {
      const { problem, retryAfterMs } = fault;
      const headers = retryAfterMs === null ? {} : { "retry-after": String(retryAfterMs / 1000) };
      return Response.json(problem, { status: problem.status, headers });
    }
    const times = fault === "request repeated" ? 2 : 1;
    const replies = await Promise.all(Array.from({ length: times }, () => this.#send(input, init)));
    const reply = replies.at(-1);
    if (reply === undefined || fault === "reply lost" || this.offline)
      throw new TypeError("the reply is lost");
    return reply;
  };

  /** Breaks the sockets off without a closing handshake. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** A 401 that no server said must not meet the renewal of a session, which it would end. */
  #nextFault(init: Init): Fault | null {
    const fault = this.faults.shift() ?? null;
    const ends = typeof fault === "object" && fault?.problem.status === 401;
    return ends && !new Headers(init?.headers).has("authorization") ? null : fault;
  }

  async #send(...[input, init]: Parameters<typeof globalThis.fetch>): Promise<Response> {
    const response = await globalThis.fetch(input, init);
    const key = new Headers(init?.headers).get("idempotency-key");
    if (key !== null) this.#journal.answered(key, response.status, await response.clone().json());
    return response;
  }

  #socketClass(): typeof WebSocket {
    const sockets = this.#sockets;
    class KeptWebSocket extends NodeWebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.add(this);
        this.on("close", () => sockets.delete(this));
        // Errors are events that a page may ignore; the package throws them when nobody listens.
        this.on("error", () => undefined);
      }
    }
    // The package's class keeps to the browser's interface in all that is used here.
    return KeptWebSocket as unknown as typeof WebSocket;
  }
}
