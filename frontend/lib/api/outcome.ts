import type { Problem } from "@/lib/protocol/types";

/** What came of a request: a value, or the server's refusal (RFC 9457). A request never throws. */
export type Outcome<T = void> = { ok: true; value: T } | { ok: false; problem: Problem };

/** Wraps a value that arrived. */
export function success<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** Wraps a refusal. */
export function failure(problem: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem };
}

/**
 * The refusal that stands for "no answer came"; its status is 0.
 *
 * @param detail - What a person is told.
 */
export function unavailable(detail = "The server cannot be reached."): Problem {
  return {
    type: "urn:tandem:problem:unavailable",
    title: "Not reachable",
    status: 0,
    detail,
    code: "unavailable",
  };
}

/** The refusal of what only somebody who is signed in may do. */
export const NOBODY: Problem = {
  type: "urn:tandem:problem:unauthenticated",
  title: "Not signed in",
  status: 401,
  detail: "Nobody is signed in.",
  code: "unauthenticated",
};
