import type { Tokens } from "@/lib/api/authorized";
import type { Refusal, Reply } from "@/lib/api/http";
import type { AccessToken } from "@/lib/session/access-token";
import { USER } from "./builders";
import type { FakeClock } from "./fake-clock";

const LIFE_MS = 14 * 60_000;

/** Hands out token-1, token-2, … as a session would. */
export class FakeTokens implements Tokens {
  readonly #clock: FakeClock;
  #token: AccessToken;
  #made = 0;
  /** How long the next tokens live. */
  lifeMs = LIFE_MS;
  /** Refuses everything with this while it is set. */
  refusal: Refusal | null = null;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.#token = this.#make();
  }

  current(): Promise<Reply<AccessToken>> {
    if (this.#clock.now() >= this.#token.renewAt) return this.#renew();
    return Promise.resolve({ ok: true, value: this.#token });
  }

  renewed(refused: string): Promise<Reply<AccessToken>> {
    return refused === this.#token.value ? this.#renew() : this.current();
  }

  #renew(): Promise<Reply<AccessToken>> {
    if (this.refusal !== null) return Promise.resolve(this.refusal);
    this.#token = this.#make();
    return Promise.resolve({ ok: true, value: this.#token });
  }

  #make(): AccessToken {
    this.#made += 1;
    return { value: `token-${this.#made}`, userId: USER, renewAt: this.#clock.now() + this.lifeMs };
  }
}
