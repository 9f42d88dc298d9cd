import type { Session } from "@/lib/protocol/types";
import { failure, unavailable, type Outcome } from "./outcome";

/** The devices on which the user is signed in. */
export function listSessions(): Promise<Outcome<Session[]>> {
  return Promise.resolve(failure(unavailable()));
}

/** Signs a device out. */
export function endSession(_id: string): Promise<Outcome> {
  return Promise.resolve(failure(unavailable()));
}
