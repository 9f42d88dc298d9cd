import { apiBase } from "@/lib/api/addresses";
import { createHttp, type Http } from "@/lib/api/http";
import { browserClock } from "@/lib/sync/clock";
import { browserLock } from "./lock";
import { Session, type SessionState } from "./session";

type Listener = (state: SessionState) => void;

const listeners = new Set<Listener>();

/** The way to the API from this page. */
export const http: Http = createHttp((...args) => globalThis.fetch(...args), browserClock, apiBase());

/** The session of this tab. */
export const session = new Session({
  http,
  clock: browserClock,
  lock: browserLock,
  changed: (state) => {
    for (const listener of listeners) listener(state);
  },
});

/** Tells the listener of every change of who is signed in. */
export function onSession(listener: Listener): void {
  listeners.add(listener);
}
