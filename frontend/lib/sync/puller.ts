import type { Reply } from "@/lib/api/http";
import { RECONNECT_ATTEMPTS } from "@/lib/protocol/constants";
import type { Changes } from "@/lib/protocol/types";
import { backoffMs } from "./backoff";
import type { Cancel, Clock } from "./clock";
import type { Remote } from "./remote";
import type { Learned, Replica } from "./replica";

type Pages = [Changes, ...Changes[]];

/** What a puller needs of its surroundings. */
export interface PullerPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly remote: Remote;
  readonly replica: Replica;
  /** A pull was applied. */
  readonly pulled: (learned: Learned) => void;
}

/**
 * Pulls the change feed, one pull at a time. A pull that is asked for while one is under way follows it, because the
 * one under way may have read the database before.
 */
export class Puller {
  readonly #ports: PullerPorts;
  #running = false;
  #again = false;
  #failures = 0;
  #cancelRetry: Cancel | null = null;
  #stopped = false;

  constructor(ports: PullerPorts) {
    this.#ports = ports;
  }

  /** Asks for a pull. While the server is being left alone after a failure, that next try is the one. */
  request(): void {
    if (this.#running) this.#again = true;
    else if (this.#cancelRetry === null) void this.#run();
  }

  /** Asks for a pull at once: there is reason to think that the server can be reached. */
  kick(): void {
    this.#failures = 0;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.request();
  }

  /** Whether a pull was asked for that has not begun: what the one under way learns may be older than the asking. */
  get isDue(): boolean {
    return this.#again && !this.#stopped;
  }

  /** Ends; what is still on its way is not applied. */
  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
  }

  async #run(): Promise<void> {
    this.#running = true;
    do await this.#pull();
    while (this.isDue);
    this.#running = false;
  }

  async #pull(): Promise<void> {
    const { replica } = this.#ports;
    this.#again = false;
    const begun = replica.beginPull();
    const reply = await this.#pages(begun.asked.feed);
    if (this.#stopped) return;
    if (reply.ok) {
      this.#failures = 0;
      const learned = replica.finishPull(begun, reply.value);
      this.#again ||= learned.afresh;
      this.#ports.pulled(learned);
      return;
    }
    replica.abandonPull();
    if (reply.problem.code === "invalid_cursor" && begun.asked.feed !== null) {
      replica.forgetCursor();
      this.#again = true;
    } else {
      this.#retryLater(reply.retryAfterMs ?? 0);
    }
  }

  async #pages(cursor: string | null): Promise<Reply<Pages>> {
    const first = await this.#ports.remote.changes(cursor);
    if (!first.ok) return first;
    const pages: Pages = [first.value];
    let last = first.value;
    while (last.more && !this.#stopped) {
      const next = await this.#ports.remote.changes(last.cursor);
      if (!next.ok) return next;
      last = next.value;
      pages.push(last);
    }
    return { ok: true, value: pages };
  }

  /** Waits as reconnecting does, and rests as it does (CL11): a pull comes with every new connection anyway. */
  #retryLater(atLeastMs: number): void {
    this.#again = false;
    this.#failures += 1;
    if (this.#failures > RECONNECT_ATTEMPTS) return;
    const ms = Math.max(atLeastMs, backoffMs(this.#failures, this.#ports.random()));
    this.#cancelRetry = this.#ports.clock.setTimer(() => {
      this.#cancelRetry = null;
      this.request();
    }, ms);
  }
}
