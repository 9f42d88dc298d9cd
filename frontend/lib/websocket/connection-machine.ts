import { CLOSE_CODES } from "@/lib/protocol/constants";
import type { Env, Event, State, Step } from "./states";
import * as steps from "./steps";

type Phase = State["phase"];
type Handler<P extends Phase, T extends Event["type"]> = (
  state: Extract<State, { phase: P }>,
  event: Extract<Event, { type: T }>,
  env: Env,
) => Step;

/** What every state does with every event: a cell that is missing does not compile. */
export type Table = { readonly [P in Phase]: { readonly [T in Event["type"]]: Handler<P, T> } };

const { stay } = steps;

/** The connection as a table (CL4, CL11, CL12, CL15, WS9, WS10). */
export const TABLE: Table = {
  idle: {
    start: () => steps.authorize(0, false),
    stop: stay,
    wake: stay,
    retry: stay,
    authorized: stay,
    unauthorized: stay,
    unreachable: stay,
    hello: stay,
    heard: stay,
    reconnect: stay,
    closed: stay,
    timeout: stay,
  },
  authorizing: {
    start: stay,
    stop: steps.idle,
    wake: (state) => steps.to({ ...state, failures: 0 }),
    retry: (state) => steps.to({ ...state, failures: 0 }),
    authorized: (state, { token }) =>
      steps.to(
        { phase: "opening", failures: state.failures },
        { do: "arm", ms: steps.OPENING_MS },
        { do: "open", token },
      ),
    unauthorized: steps.sessionEnded,
    unreachable: (state, { retryAfterMs }, env) =>
      steps.failed(state.failures, { fresh: false, reason: steps.UNREACHABLE, atLeastMs: retryAfterMs }, env),
    hello: stay,
    heard: stay,
    reconnect: stay,
    closed: stay,
    timeout: (state, _, env) =>
      steps.failed(state.failures, { fresh: false, reason: steps.UNREACHABLE }, env),
  },
  opening: {
    start: stay,
    stop: steps.idle,
    wake: (state) => steps.to({ ...state, failures: 0 }),
    retry: (state) => steps.to({ ...state, failures: 0 }),
    authorized: stay,
    unauthorized: stay,
    unreachable: stay,
    hello: (state, { heartbeatMs }, env) => {
      const silenceMs = 2 * heartbeatMs;
      return steps.to(
        { phase: "live", failures: state.failures, since: env.now, silenceMs },
        { do: "arm", ms: silenceMs },
        { do: "pull" },
      );
    },
    heard: stay,
    reconnect: (_, { afterMs }, env) => steps.comeBack(afterMs, env),
    closed: (state, event, env) => steps.closedOnOpening(state.failures, event, env),
    timeout: (state, _, env) => steps.failed(state.failures, { fresh: true, reason: steps.UNREACHABLE }, env),
  },
  live: {
    start: stay,
    stop: steps.idle,
    wake: steps.probe,
    retry: steps.probe,
    authorized: stay,
    unauthorized: steps.sessionEnded,
    unreachable: stay,
    hello: steps.heard,
    heard: steps.heard,
    reconnect: (_, { afterMs }, env) => steps.comeBack(afterMs, env),
    closed: steps.closedOnLive,
    timeout: (state, _, env) => steps.replaceDead(state, env),
  },
  probing: {
    start: stay,
    stop: steps.idle,
    wake: stay,
    retry: stay,
    authorized: stay,
    unauthorized: steps.sessionEnded,
    unreachable: stay,
    hello: steps.heard,
    heard: steps.heard,
    reconnect: (_, { afterMs }, env) => steps.comeBack(afterMs, env),
    closed: steps.closedOnLive,
    timeout: (state, _, env) => steps.replaceDead(state, env),
  },
  waiting: {
    start: stay,
    stop: steps.idle,
    wake: (state) => steps.authorize(0, state.fresh),
    retry: (state) => steps.authorize(0, state.fresh),
    authorized: stay,
    unauthorized: steps.sessionEnded,
    unreachable: stay,
    hello: stay,
    heard: stay,
    reconnect: stay,
    closed: stay,
    timeout: (state) => steps.authorize(state.failures, state.fresh),
  },
  resting: {
    start: stay,
    stop: steps.idle,
    wake: () => steps.authorize(0, true),
    retry: () => steps.authorize(0, true),
    authorized: stay,
    unauthorized: steps.sessionEnded,
    unreachable: stay,
    hello: stay,
    heard: stay,
    reconnect: stay,
    closed: stay,
    timeout: stay,
  },
  stopped: {
    start: stay,
    stop: steps.idle,
    wake: stay,
    retry: (state) => (state.code === CLOSE_CODES.SESSION_ENDED ? stay(state) : steps.authorize(0, false)),
    authorized: stay,
    unauthorized: stay,
    unreachable: stay,
    hello: stay,
    heard: stay,
    reconnect: stay,
    closed: stay,
    // Only the state after 4501 has a timer: it stays without push and pulls now and then.
    timeout: (state) => steps.to(state, { do: "pull" }, { do: "arm", ms: steps.POLL_MS }),
  },
};

/**
 * Takes a connection from one state to the next. Pure: time and randomness come in with `env`.
 *
 * @returns The next state, and what is to be done, in this order.
 */
export function transition(state: State, event: Event, env: Env): Step {
  // The table has a handler for exactly this pair; TypeScript cannot follow the two keys at once.
  const handler = TABLE[state.phase][event.type] as (state: State, event: Event, env: Env) => Step;
  return handler(state, event, env);
}
