import type { AccessToken } from "@/lib/session/access-token";
import { refusal, type Call, type Http, type Reply } from "./http";
import { NOBODY } from "./outcome";

/** Where access tokens come from. */
export interface Tokens {
  /** A token that should still be good. */
  current(): Promise<Reply<AccessToken>>;
  /** Another token than `refused`, which the server did not take. */
  renewed(refused: string): Promise<Reply<AccessToken>>;
}

/** Sends a call in the name of who is signed in. */
export type Authorized = <T>(call: Call<T>) => Promise<Reply<T>>;

/**
 * Sends calls with an access token; one that is refused is replaced once, and the call repeated (CL9).
 *
 * A second refusal is the answer: going on would be a loop, for a token that is fresh is not going to get better.
 *
 * @param owner - In whose name alone the calls may be sent. The refresh cookie is the whole browser's: another tab may
 *   have signed in somebody else meanwhile.
 */
export function authorize(http: Http, tokens: Tokens, owner: string | null = null): Authorized {
  return async (call) => {
    const token = ownedBy(owner, await tokens.current());
    if (!token.ok) return token;
    const reply = await http(call, token.value.value);
    if (reply.ok || !isRefusedToken(reply.problem)) return reply;
    const renewed = ownedBy(owner, await tokens.renewed(token.value.value));
    return renewed.ok ? http(call, renewed.value.value) : renewed;
  };
}

function ownedBy(owner: string | null, token: Reply<AccessToken>): Reply<AccessToken> {
  return token.ok && owner !== null && token.value.userId !== owner ? refusal(NOBODY) : token;
}

/** A wrong password is a 401 as well, and says nothing about the token. */
function isRefusedToken(problem: { status: number; code: string }): boolean {
  return problem.status === 401 && problem.code !== "invalid_credentials";
}
