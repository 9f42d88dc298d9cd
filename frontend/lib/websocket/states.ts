/**
 * The states, events and effects of a connection. `connection-machine.ts` says how they belong together.
 *
 * `failures` counts the failed tries in a row, `fresh` that the next try needs a fresh token (CL15).
 */

/** Nothing is wanted. */
interface Idle {
  readonly phase: "idle";
}

/** A token is asked for. */
interface Authorizing {
  readonly phase: "authorizing";
  readonly failures: number;
}

/** The socket is being opened; it counts as open when the server has said hello (HS4). */
interface Opening {
  readonly phase: "opening";
  readonly failures: number;
}

/** Events come in. */
interface Live {
  readonly phase: "live";
  readonly failures: number;
  /** When the server said hello (ms, monotonic). */
  readonly since: number;
  /** How long it may be silent (ms). */
  readonly silenceMs: number;
}

/** The socket looks open, and has to prove it (CL12). */
interface Probing extends Omit<Live, "phase"> {
  readonly phase: "probing";
}

/** Between two tries. */
interface Waiting {
  readonly phase: "waiting";
  readonly failures: number;
  readonly fresh: boolean;
  /** When the next try begins (ms since 1970, this device's clock), for people to see. */
  readonly retryAt: number;
  readonly reason: string;
}

/** Enough tries have failed (CL11). */
interface Resting {
  readonly phase: "resting";
  readonly reason: string;
}

/** The server does not want this client back (WS10). */
interface Stopped {
  readonly phase: "stopped";
  readonly code: number;
  readonly reason: string;
}

export type State = Idle | Authorizing | Opening | Live | Probing | Waiting | Resting | Stopped;

/** Whether events come in, as far as is known. */
export function isOpen(state: State): boolean {
  return state.phase === "live" || state.phase === "probing";
}

/** What happens to a connection. */
export type Event =
  /** It is wanted from now on. */
  | { readonly type: "start" }
  /** It is not wanted any more. */
  | { readonly type: "stop" }
  /** The device came online, the tab is shown again, or the page came back (CL11). */
  | { readonly type: "wake" }
  /** A person pressed the button. */
  | { readonly type: "retry" }
  | { readonly type: "authorized"; readonly token: string }
  /** There is no session any more. */
  | { readonly type: "unauthorized" }
  /** No token could be had now; the server may have said how long it wants to be left alone. */
  | { readonly type: "unreachable"; readonly retryAfterMs: number }
  | { readonly type: "hello"; readonly heartbeatMs: number }
  /** Any other message. */
  | { readonly type: "heard" }
  /** The server goes down and says when to come back (WS9). */
  | { readonly type: "reconnect"; readonly afterMs: number }
  | { readonly type: "closed"; readonly code: number; readonly reason: string }
  /** The timer of the state ran out. */
  | { readonly type: "timeout" };

/** What is to be done. Leaving a state disarms its timer only where the list says so. */
export type Effect =
  | { readonly do: "authorize"; readonly fresh: boolean }
  | { readonly do: "open"; readonly token: string }
  /** Closes the socket, and hears nothing of it any more. */
  | { readonly do: "close" }
  | { readonly do: "ping" }
  | { readonly do: "pull" }
  /** Sets the state's timer, in the place of the one before. */
  | { readonly do: "arm"; readonly ms: number }
  | { readonly do: "disarm" }
  /** The session has ended (WS8). */
  | { readonly do: "end-session" };

/** What comes in from outside. */
export interface Env {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: number;
}

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}
