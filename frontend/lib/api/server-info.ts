import type { ServerInfo } from "@/lib/protocol/types";
import { failure, unavailable, type Outcome } from "./outcome";

/** What anybody may know of the server: its version, and whether one may register. */
export function serverInfo(): Promise<Outcome<ServerInfo>> {
  return Promise.resolve(failure(unavailable()));
}
