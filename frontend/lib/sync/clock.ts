/** Takes a timer back; calling it again, or after the timer ran, does nothing. */
export type Cancel = () => void;

/** Where the engine gets its time from, so that tests can hand in their own. */
export interface Clock {
  /** Milliseconds that only ever grow. The wall clock may be wrong or jump; no rule here depends on it (SP6). */
  now(): number;
  /** Calls `run` once, `ms` milliseconds from now. */
  setTimer(run: () => void, ms: number): Cancel;
}

/** The browser's monotonic clock and timers. */
export const browserClock: Clock = {
  now: () => performance.now(),
  setTimer: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
