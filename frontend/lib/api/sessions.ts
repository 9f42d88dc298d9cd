import { isNothing, isSessionList } from "@/lib/protocol/guards";
import type { Session } from "@/lib/protocol/types";
import { session } from "@/lib/session/browser-session";
import { success, type Outcome } from "./outcome";
import { route } from "./route";

/** The devices on which the user is signed in. */
export async function listSessions(): Promise<Outcome<Session[]>> {
  const reply = await session.send({
    method: "GET",
    path: route("/api/auth/sessions", {}),
    reads: isSessionList,
  });
  return reply.ok ? success(reply.value.sessions) : reply;
}

/** Signs a device out. */
export function endSession(id: string): Promise<Outcome> {
  const path = route("/api/auth/sessions/{session_id}", { session_id: id });
  return session.send({ method: "DELETE", path, reads: isNothing });
}
