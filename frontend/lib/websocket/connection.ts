import type { Tokens } from "@/lib/api/authorized";
import { encodeClientMessage, parseServerMessage } from "@/lib/protocol/messages";
import type { ServerMessage } from "@/lib/protocol/types";
import type { Cancel, Clock } from "@/lib/sync/clock";
import { transition } from "./connection-machine";
import type { OpenSocket, Socket } from "./socket";
import type { Effect, Event, State } from "./states";
import { TokenRenewal } from "./token-renewal";

/** The shortest and the longest of a time (ms) that the server may ask for: a broken one must not make a loop. */
type Range = readonly [number, number];

const HEARTBEAT_MS: Range = [1_000, 600_000];
const COME_BACK_MS: Range = [0, 300_000];

/** What a connection needs of its surroundings. */
export interface ConnectionPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly tokens: Tokens;
  readonly openSocket: OpenSocket;
  /** The server said something that this client knows. */
  readonly message: (message: ServerMessage) => void;
  /** It is time to pull (CL4). */
  readonly pull: () => void;
  readonly sessionEnded: () => void;
  readonly changed: (state: State) => void;
}

/** Does what the machine says: holds the socket, the timer and the requests for tokens of one connection. */
export class Connection {
  readonly #ports: ConnectionPorts;
  readonly #renewal: TokenRenewal;
  #state: State = { phase: "idle" };
  #socket: Socket | null = null;
  #cancelTimer: Cancel | null = null;
  /** The token of the last try. */
  #token = "";
  /** Counts requests for tokens: only the last one's answer matters. */
  #asked = 0;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    const { clock, random, tokens } = ports;
    const send = (token: string) => {
      this.#socket?.send(encodeClientMessage({ type: "token", token }));
    };
    this.#renewal = new TokenRenewal({ clock, random, tokens, send });
  }

  /** Tells the connection what happened. */
  dispatch(event: Event): void {
    const { clock, random } = this.#ports;
    const before = this.#state;
    const step = transition(before, event, { now: clock.now(), wall: clock.wall(), random: random() });
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
    if (this.#state !== before) this.#ports.changed(this.#state);
  }

  /** Takes a message of the server, as it does with those that come over the socket. */
  receive(message: ServerMessage): void {
    switch (message.type) {
      case "hello":
        this.dispatch({
          type: "hello",
          heartbeatMs: within(HEARTBEAT_MS, message.heartbeat_interval * 1000),
        });
        if (this.#socket !== null) this.#renewal.start(this.#token);
        break;
      case "reconnect":
        this.dispatch({ type: "reconnect", afterMs: within(COME_BACK_MS, message.after_ms) });
        break;
      case "task_update":
      case "ping":
      case "pong":
      case "error":
      case "token_accepted":
        this.dispatch({ type: "heard" });
        break;
    }
    this.#ports.message(message);
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "authorize":
        void this.#authorize(effect.fresh);
        break;
      case "open":
        this.#open(effect.token);
        break;
      case "close":
        this.#close();
        break;
      case "ping":
        this.#socket?.send(encodeClientMessage({ type: "ping" }));
        break;
      case "pull":
        this.#ports.pull();
        break;
      case "arm":
        this.#cancelTimer?.();
        this.#cancelTimer = this.#ports.clock.setTimer(() => {
          this.dispatch({ type: "timeout" });
        }, effect.ms);
        break;
      case "disarm":
        this.#cancelTimer?.();
        break;
      case "end-session":
        this.#ports.sessionEnded();
        break;
    }
  }

  async #authorize(fresh: boolean): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const { tokens } = this.#ports;
    const reply = await (fresh ? tokens.renewed(this.#token) : tokens.current());
    if (asked !== this.#asked) return;
    if (reply.ok) {
      this.#token = reply.value.value;
      this.dispatch({ type: "authorized", token: this.#token });
    } else if (reply.problem.status === 401) {
      this.dispatch({ type: "unauthorized" });
    } else {
      this.dispatch({ type: "unreachable", retryAfterMs: reply.retryAfterMs ?? 0 });
    }
  }

  #open(token: string): void {
    const mine = (deliver: () => void) => {
      if (this.#socket === socket) deliver();
    };
    const socket = this.#ports.openSocket(token, {
      message: (text) => {
        mine(() => {
          this.#hear(text);
        });
      },
      closed: (code, reason) => {
        mine(() => {
          this.#close();
          this.dispatch({ type: "closed", code, reason });
        });
      },
    });
    this.#socket = socket;
  }

  #hear(text: string): void {
    const message = parseServerMessage(text);
    // What this client does not know is a sign of life all the same (WS11).
    if (message === null) this.dispatch({ type: "heard" });
    else this.receive(message);
  }

  #close(): void {
    this.#renewal.stop();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}

function within([shortest, longest]: Range, ms: number): number {
  return Math.min(Math.max(ms, shortest), longest);
}
