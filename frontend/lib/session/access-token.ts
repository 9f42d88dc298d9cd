import type { Authenticated } from "@/lib/protocol/types";

/** A token, and when to replace it. */
export interface AccessToken {
  readonly value: string;
  /** Whose it is. */
  readonly userId: string;
  /** From then on (ms of the monotonic clock) it is replaced before it is used. */
  readonly renewAt: number;
}

const MARGIN_MS = 60_000;

/**
 * Notes when a token that has just come is to be replaced: a minute before its end, or after two thirds of its life,
 * whichever is later. Counted from here, because the clocks of the server and of this device may differ.
 */
export function accessToken(authenticated: Authenticated, now: number): AccessToken {
  const life = authenticated.expires_in * 1000;
  return {
    value: authenticated.access_token,
    userId: authenticated.user.id,
    renewAt: now + Math.max(life - MARGIN_MS, (life * 2) / 3),
  };
}
