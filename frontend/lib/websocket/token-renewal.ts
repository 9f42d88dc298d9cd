import type { Tokens } from "@/lib/api/authorized";
import { backoffMs } from "@/lib/sync/backoff";
import type { Cancel, Clock } from "@/lib/sync/clock";

/** A token that is over when it comes must not make a loop. */
const SOONEST_MS = 1_000;

/** What a renewal needs of its surroundings. */
export interface RenewalPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly tokens: Tokens;
  /** Sends a token over the socket. */
  readonly send: (token: string) => void;
}

/** Gives an open socket a fresh token before the one that it has ends (WS4). */
export class TokenRenewal {
  readonly #ports: RenewalPorts;
  #cancel: Cancel | null = null;
  #failures = 0;
  /** Counts starts and stops: what was asked for an earlier socket is void. */
  #round = 0;

  constructor(ports: RenewalPorts) {
    this.#ports = ports;
  }

  /** A socket is open with `token`. */
  start(token: string): void {
    this.stop();
    void this.#renew(token);
  }

  /** The socket is gone. */
  stop(): void {
    this.#round += 1;
    this.#failures = 0;
    this.#cancel?.();
    this.#cancel = null;
  }

  #continue(sent: string, reply: Awaited<ReturnType<Tokens["current"]>>): void {
    const { clock, random, send } = this.#ports;
    if (!reply.ok) {
      // A session that is over closes the socket; anything else may go better soon.
      if (reply.problem.status === 401) return;
      this.#failures += 1;
      const ms = Math.max(reply.retryAfterMs ?? 0, backoffMs(this.#failures, random()));
      this.#schedule(sent, ms);
      return;
    }
    this.#failures = 0;
    const { value, renewAt } = reply.value;
    if (value !== sent) send(value);
    this.#schedule(value, Math.max(renewAt - clock.now(), SOONEST_MS));
  }

  #schedule(sent: string, ms: number): void {
    this.#cancel = this.#ports.clock.setTimer(() => {
      void this.#renew(sent);
    }, ms);
  }

  async #renew(sent: string): Promise<void> {
    const round = this.#round;
    const reply = await this.#ports.tokens.current();
    if (round === this.#round) this.#continue(sent, reply);
  }
}
