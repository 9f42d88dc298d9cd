import { useCallback, useSyncExternalStore } from "react";

/** One timer for each period, however many components watch it. */
class Ticker {
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly periodMs: number) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    this.timer ??= setInterval(() => {
      for (const notify of this.listeners) notify();
    }, this.periodMs);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }
}

const tickers = new Map<number, Ticker>();

function tickerOf(periodMs: number): Ticker {
  let ticker = tickers.get(periodMs);
  if (ticker === undefined) {
    ticker = new Ticker(periodMs);
    tickers.set(periodMs, ticker);
  }
  return ticker;
}

/**
 * The time (ms since 1970, this device's clock), rounded down to the period, and kept up to date.
 *
 * @param periodMs - How often it changes: a second for a countdown, half a minute for "overdue".
 */
export function useNow(periodMs: number): number {
  const subscribe = useCallback((listener: () => void) => tickerOf(periodMs).subscribe(listener), [periodMs]);
  return useSyncExternalStore(
    subscribe,
    () => Math.floor(Date.now() / periodMs) * periodMs,
    () => 0,
  );
}
