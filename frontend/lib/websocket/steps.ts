import { CLOSE_CODES, RECONNECT_ATTEMPTS } from "@/lib/protocol/constants";
import { backoffMs } from "@/lib/sync/backoff";
import type { Effect, Env, Event, State, Step } from "./states";

/** How long a token or a hello may take. */
export const OPENING_MS = 10_000;
/** How long an answer to a ping may take after waking (CL12). */
export const PROBE_MS = 3_000;
/** How often a client without push looks for changes. */
export const POLL_MS = 60_000;
/** A connection that held that long was a good one: the failures before it do not count any more. */
export const STABLE_MS = 10_000;

export const LOST = "The connection to the server was lost.";
export const UNREACHABLE = "The server cannot be reached.";

const FINAL_REASONS: Readonly<Record<number, string>> = {
  [CLOSE_CODES.SESSION_ENDED]: "Your session has ended.",
  [CLOSE_CODES.TOO_MANY_CONNECTIONS]:
    "Too many tabs and devices are connected. This one looks for changes once a minute.",
  [CLOSE_CODES.BAD_MESSAGES]: "The server does not understand this page. Reload it.",
};

type Connected = Extract<State, { phase: "live" | "probing" }>;

/** Goes to a state, and does something on the way. */
export function to(state: State, ...effects: Effect[]): Step {
  return { state, effects };
}

/** Nothing happens. */
export function stay(state: State): Step {
  return { state, effects: [] };
}

/** Gives everything up, whatever it is. */
export function idle(): Step {
  return to({ phase: "idle" }, { do: "disarm" }, { do: "close" });
}

/** Begins a try. */
export function authorize(failures: number, fresh: boolean): Step {
  return to({ phase: "authorizing", failures }, { do: "arm", ms: OPENING_MS }, { do: "authorize", fresh });
}

/** A try, or a connection, came to nothing: waits for the next one, or rests (CL11). */
export function failed(
  failures: number,
  why: { fresh: boolean; reason: string; atLeastMs?: number },
  env: Env,
): Step {
  const count = failures + 1;
  if (count > RECONNECT_ATTEMPTS) {
    return to({ phase: "resting", reason: why.reason }, { do: "disarm" }, { do: "close" });
  }
  const ms = Math.max(why.atLeastMs ?? 0, backoffMs(count, env.random));
  return to(
    { phase: "waiting", failures: count, fresh: why.fresh, retryAt: env.wall + ms, reason: why.reason },
    { do: "close" },
    { do: "arm", ms },
  );
}

/** The session is over. */
export function sessionEnded(): Step {
  const code = CLOSE_CODES.SESSION_ENDED;
  return to(
    { phase: "stopped", code, reason: FINAL_REASONS[code] ?? "" },
    { do: "disarm" },
    { do: "close" },
    { do: "end-session" },
  );
}

/** The server closed the socket for good (4500–4999, WS10). */
function refused(code: number, reason: string): Step {
  if (code === CLOSE_CODES.SESSION_ENDED) return sessionEnded();
  const state = { phase: "stopped", code, reason: FINAL_REASONS[code] ?? reason } as const;
  const polls = code === CLOSE_CODES.TOO_MANY_CONNECTIONS;
  return polls
    ? to(state, { do: "close" }, { do: "pull" }, { do: "arm", ms: POLL_MS })
    : to(state, { do: "close" }, { do: "disarm" });
}

/** A handshake failed. A browser does not say why, and an old token is the likeliest reason (CL15). */
export function closedOnOpening(failures: number, event: Extract<Event, { type: "closed" }>, env: Env): Step {
  if (isFinal(event.code)) return refused(event.code, event.reason);
  return failed(failures, { fresh: true, reason: UNREACHABLE }, env);
}

/** A connection ended. */
export function closedOnLive(state: Connected, event: Extract<Event, { type: "closed" }>, env: Env): Step {
  if (isFinal(event.code)) return refused(event.code, event.reason);
  const fresh = event.code === CLOSE_CODES.TOKEN_EXPIRED;
  return failed(failuresOf(state, env), { fresh, reason: LOST }, env);
}

/** A socket is dead, whatever the browser says: it is replaced at once (CL12). */
export function replaceDead(state: Connected, env: Env): Step {
  const step = authorize(failuresOf(state, env), false);
  return to(step.state, { do: "close" }, ...step.effects);
}

/** The server goes down and will be back (WS9): no failure. */
export function comeBack(afterMs: number, env: Env): Step {
  return to(
    {
      phase: "waiting",
      failures: 0,
      fresh: false,
      retryAt: env.wall + afterMs,
      reason: "The server is restarting.",
    },
    { do: "close" },
    { do: "arm", ms: afterMs },
  );
}

/** Asks a socket that looks open for a sign of life. */
export function probe(state: Connected): Step {
  return to({ ...state, phase: "probing", failures: 0 }, { do: "ping" }, { do: "arm", ms: PROBE_MS });
}

/** The server said something. */
export function heard(state: Connected): Step {
  return to(state.phase === "live" ? state : { ...state, phase: "live" }, { do: "arm", ms: state.silenceMs });
}

function isFinal(code: number): boolean {
  return code >= 4500 && code <= 4999;
}

function failuresOf(state: Connected, env: Env): number {
  return env.now - state.since >= STABLE_MS ? 0 : state.failures;
}
