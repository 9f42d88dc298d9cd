import { isRecord, isNumber, isString } from "@/lib/protocol/guards";
import type { Problem } from "@/lib/protocol/types";
import type { Clock } from "@/lib/sync/clock";
import { unavailable } from "./outcome";

/** Until an answer begins: a connection of the browser's pool may have died unnoticed while the device slept. */
const ANSWER_MS = 10_000;
/** Until it is there as a whole, over a slow network. */
const BODY_MS = 30_000;
/** Nobody waits longer than that, whatever the server asks. */
const RETRY_AFTER_MAX_MS = 600_000;

/** One request of the API and how its answer is read. */
export interface Call<T> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query, from the root. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Tells an answer from what a captive portal or a wrong server says. */
  readonly reads: (body: unknown) => body is T;
}

/** A refusal, with the time that the server wants to be left alone (`Retry-After`), in milliseconds. */
export interface Refusal {
  readonly ok: false;
  readonly problem: Problem;
  readonly retryAfterMs: number | null;
}

/** An {@link Outcome} of which a program, too, has to know what to do next. */
export type Reply<T> = { readonly ok: true; readonly value: T } | Refusal;

/** Sends a call, with an access token or without. It never throws. */
export type Http = <T>(call: Call<T>, token?: string) => Promise<Reply<T>>;

/**
 * Makes the way to the API.
 *
 * @param baseUrl - Where it is: empty for the page's own origin.
 * @param clock - For the timeouts: a request whose answer does not begin within 10 s counts as not answered.
 */
export function createHttp(fetch: typeof globalThis.fetch, clock: Clock, baseUrl: string): Http {
  return async (call, token) => {
    const aborter = new AbortController();
    const abort = () => {
      aborter.abort();
    };
    let cancel = clock.setTimer(abort, ANSWER_MS);
    try {
      const response = await fetch(baseUrl + call.path, {
        method: call.method,
        headers: headersOf(call, token),
        body: call.body === undefined ? null : JSON.stringify(call.body),
        credentials: "include",
        cache: "no-store",
        signal: aborter.signal,
      });
      cancel();
      cancel = clock.setTimer(abort, BODY_MS);
      return await read(call, response);
    } catch {
      return refusal(unavailable());
    } finally {
      cancel();
    }
  };
}

/** Makes a refusal that says nothing of when to come back. */
export function refusal(problem: Problem): Refusal {
  return { ok: false, problem, retryAfterMs: null };
}

function headersOf(call: Call<unknown>, token: string | undefined): Record<string, string> {
  return {
    accept: "application/json",
    ...(call.body === undefined ? {} : { "content-type": "application/json" }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...call.headers,
  };
}

async function read<T>(call: Call<T>, response: Response): Promise<Reply<T>> {
  const text = await response.text();
  const body: unknown = text === "" ? undefined : parse(text);
  if (response.ok && call.reads(body)) return { ok: true, value: body };
  if (response.ok) return refusal(unavailable("The server's answer cannot be read."));
  return { ok: false, problem: problemOf(body, response.status), retryAfterMs: retryAfterMs(response) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Proxies refuse too, and write no problem documents. */
function problemOf(body: unknown, status: number): Problem {
  if (isProblem(body)) return body;
  const problem = unavailable(`The server answered with the status ${status}.`);
  return { ...problem, status };
}

function isProblem(body: unknown): body is Problem {
  return isRecord(body) && isString(body.code) && isString(body.detail) && isNumber(body.status);
}

/** Only the form in seconds: the other one needs a clock that is right. */
function retryAfterMs(response: Response): number | null {
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, RETRY_AFTER_MAX_MS) : null;
}
