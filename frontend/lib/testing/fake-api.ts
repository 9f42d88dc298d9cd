import type { Call, Http, Reply } from "@/lib/api/http";
import type { Authenticated } from "@/lib/protocol/types";

/** One call that arrived. */
export interface Arrived {
  /** Such as `POST /api/auth/login`. */
  readonly call: string;
  readonly body: unknown;
  readonly token: string | undefined;
}

type Answer = (arrived: Arrived) => Reply<unknown> | Promise<Reply<unknown>>;

/** An API that answers as a test says. */
export class FakeApi {
  readonly arrived: Arrived[] = [];
  readonly #answers = new Map<string, Answer>();

  /** Sets the answer of one call. */
  answer(call: string, answer: Answer): void {
    this.#answers.set(call, answer);
  }

  /** How often something was called. */
  count(call: string): number {
    return this.arrived.filter((each) => each.call === call).length;
  }

  readonly http: Http = async <T>(call: Call<T>, token?: string): Promise<Reply<T>> => {
    const arrived = { call: `${call.method} ${call.path}`, body: call.body, token };
    this.arrived.push(arrived);
    const answer = this.#answers.get(arrived.call);
    if (answer === undefined) throw new Error(`nobody expected ${arrived.call}`);
    const reply = await answer(arrived);
    if (!reply.ok) return reply;
    if (!call.reads(reply.value)) throw new Error(`the answer to ${arrived.call} cannot be read`);
    return { ok: true, value: reply.value };
  };
}

/** A session as the server answers it. */
export function authenticated(
  token: string,
  userId = "user-1",
  sessionId = "session-1",
): Reply<Authenticated> {
  const user = { id: userId, email: `${userId}@example.org`, name: userId };
  const value = {
    user,
    session_id: sessionId,
    access_token: token,
    token_type: "Bearer",
    expires_in: 900,
  } as const;
  return { ok: true, value };
}
