/**
 * Where the API is: the page's own origin, unless the build was told otherwise.
 *
 * @returns What to put before a path, without a slash at its end.
 */
export function apiBase(): string {
  return (process.env.NEXT_PUBLIC_API_URL ?? "").replace(/\/+$/, "");
}

/**
 * Where a user's socket is.
 *
 * @param page - The page's own address, for a build that was told no other.
 */
export function socketUrl(userId: string, page: Pick<Location, "protocol" | "host">): string {
  const configured = (process.env.NEXT_PUBLIC_WEBSOCKET_URL ?? "").replace(/\/+$/, "");
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  const base = configured === "" ? `${scheme}//${page.host}/ws` : configured;
  return `${base}/${encodeURIComponent(userId)}`;
}
