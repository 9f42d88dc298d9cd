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

/** The status of a {@link Problem} that was made here, because no answer came. */
export const NO_ANSWER = 0;

/**
 * The refusal that stands for "no answer came".
 *
 * @param detail - What a person is told.
 */
export function unavailable(detail = "The server cannot be reached."): Problem {
  return {
    type: "urn:tandem:problem:unavailable",
    title: "Not reachable",
    status: NO_ANSWER,
    detail,
    code: "unavailable",
  };
}
