import type { Cancel, Clock } from "@/lib/sync/clock";

const WINDOW_MS = 16;

/**
 * Hands a lone item on at once, and those that follow it within a frame together: an event costs a copy of the list
 * of tasks, and a burst of a thousand need not cost a thousand.
 */
export class Batcher<T> {
  readonly #clock: Clock;
  readonly #deliver: (items: readonly T[]) => void;
  #items: T[] = [];
  #cancel: Cancel | null = null;

  constructor(clock: Clock, deliver: (items: readonly T[]) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  /** Takes an item. */
  add(item: T): void {
    this.#items.push(item);
    if (this.#cancel === null) this.#open();
  }

  /** Hands on what waits, before something that comes after it. */
  flush(): void {
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    this.#deliver(items);
  }

  /** Forgets what waits. */
  stop(): void {
    this.#cancel?.();
    this.#items = [];
  }

  #open(): void {
    this.flush();
    this.#cancel = this.#clock.setTimer(() => {
      this.#cancel = null;
      if (this.#items.length > 0) this.#open();
    }, WINDOW_MS);
  }
}
