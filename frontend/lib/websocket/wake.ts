import type { Clock } from "@/lib/sync/clock";

const LOOK_MS = 5_000;
const JUMP_MS = 10_000;

/** The parts of a page that tell of waking. */
export interface Page {
  readonly window: EventTarget;
  readonly document: EventTarget & { readonly visibilityState: DocumentVisibilityState };
}

/**
 * Tells when there is reason to believe that the network is back, or that the page slept (CL11): the browser says so,
 * or the wall clock jumps, which is all that a page sees of a laptop's sleep while it is in front.
 *
 * @returns The way to stop it.
 */
export function watchWaking(page: Page, clock: Clock, wake: () => void): () => void {
  const aborter = new AbortController();
  const { signal } = aborter;
  page.window.addEventListener("online", wake, { signal });
  page.window.addEventListener(
    "pageshow",
    (event) => {
      // The first showing of a page is no return of it.
      if ((event as Partial<PageTransitionEvent>).persisted) wake();
    },
    { signal },
  );
  page.document.addEventListener(
    "visibilitychange",
    () => {
      if (page.document.visibilityState === "visible") wake();
    },
    { signal },
  );
  page.document.addEventListener("resume", wake, { signal });
  const stopWatching = watchJumps(clock, wake);
  return () => {
    aborter.abort();
    stopWatching();
  };
}

function watchJumps(clock: Clock, wake: () => void): () => void {
  let last = clock.wall();
  let cancel = clock.setTimer(look, LOOK_MS);
  function look(): void {
    const now = clock.wall();
    const jumped = now - last - LOOK_MS > JUMP_MS;
    last = now;
    cancel = clock.setTimer(look, LOOK_MS);
    if (jumped) wake();
  }
  return () => {
    cancel();
  };
}
