import { BACKOFF_SECONDS } from "@/lib/protocol/constants";

const JITTER = 0.25;

/**
 * How long to wait before trying again: 1, 2, 4, 8, 16, then 30 s, each up to a quarter shorter or longer, so that
 * clients which failed together do not come back together (CL11).
 *
 * @param failures - Failures in a row, at least 1.
 * @param random - A number from 0 (inclusive) to 1 (exclusive).
 * @returns Milliseconds.
 */
export function backoffMs(failures: number, random: number): number {
  const step = Math.min(failures, BACKOFF_SECONDS.length) - 1;
  const seconds = BACKOFF_SECONDS[step] ?? BACKOFF_SECONDS[0];
  return Math.round(seconds * 1000 * (1 - JITTER + 2 * JITTER * random));
}
