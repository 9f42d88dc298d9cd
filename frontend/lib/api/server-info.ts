import { isServerInfo } from "@/lib/protocol/guards";
import type { ServerInfo } from "@/lib/protocol/types";
import { http } from "@/lib/session/browser-session";
import type { Outcome } from "./outcome";
import { route } from "./route";

/** What anybody may know of the server: its version, and whether one may register. */
export function serverInfo(): Promise<Outcome<ServerInfo>> {
  return http({ method: "GET", path: route("/api/info", {}), reads: isServerInfo });
}
