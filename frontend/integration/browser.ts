import type { Lock } from "@/lib/session/lock";

/** What the tabs of one browser share: the refresh cookie and the locks, which Node does not have. */
export class Browser {
  #cookie: string | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** Web Locks, of which the session uses one. */
  readonly lock: Lock = (_, work) => {
    const mine = this.#last.then(work, work);
    this.#last = mine;
    return mine;
  };

  /** Adds the cookie to requests, and keeps the one that an answer brings. */
  withCookie(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      const headers = new Headers(init?.headers);
      const isForCookie = requestUrl(input).pathname.startsWith("/api/auth");
      if (isForCookie && this.#cookie !== null) headers.set("cookie", this.#cookie);
      const response = await fetch(input, { ...init, headers });
      for (const cookie of response.headers.getSetCookie()) this.#cookie = cookie.split(";")[0] ?? null;
      return response;
    };
  }
}

function requestUrl(input: Parameters<typeof globalThis.fetch>[0]): URL {
  return new URL(input instanceof Request ? input.url : input);
}
