/** Takes a timer back; calling it again, or after the timer ran, does nothing. */
export type Cancel = () => void;

/** Where the engine gets its time from, so that tests can hand in their own. */
export interface Clock {
  /** Milliseconds that only ever grow. The wall clock may be wrong or jump; no rule here depends on it (SP6). */
  now(): number;
  /** Milliseconds since 1970 as this device has them, for what a person reads. */
  wall(): number;
  /** Calls `run` once, `ms` milliseconds from now. */
  setTimer(run: () => void, ms: number): Cancel;
}

/** The longest time that a browser's timer can wait; anything longer would run at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The browser's clocks and timers. */
export const browserClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimer: (run, ms) => {
    const timer = setTimeout(run, Math.min(ms, LONGEST_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};

/** A timer of a fixed length that is set at most once at a time. */
export class Deadline {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #run: () => void;
  #cancel: Cancel | null = null;

  constructor(clock: Clock, ms: number, run: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#run = run;
  }

  /** Sets it; one that is set goes on. */
  arm(): void {
    this.#cancel ??= this.#clock.setTimer(() => {
      this.#cancel = null;
      this.#run();
    }, this.#ms);
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
