import type { ViewTask } from "@/lib/sync/view";
import type { State } from "./states";

/** What a person is told of the connection. */
export interface Connection {
  phase: "idle" | "connecting" | "catching up" | "live" | "waiting" | "resting" | "stopped";
  /** When the next attempt begins (ms since 1970, this device's clock). */
  retryAt: number | null;
  reason: string | null;
  /** The attempt in a row, 0 when there is nothing to make good. */
  attempt: number;
}

/** An edit that the server refused for good (CL9). */
export interface SetAside {
  key: string;
  taskId: string;
  title: string;
  reason: string;
}

/** All that the screens see of the engine. What did not change is the same object. */
export interface Snapshot {
  readonly status: "loading" | "ready";
  readonly tasks: readonly ViewTask[];
  readonly connection: Connection;
  /** How many edits the server has not answered. */
  readonly unsent: number;
  readonly setAside: readonly SetAside[];
}

const QUIET = { retryAt: null, reason: null, attempt: 0 };

/** The snapshot without anybody signed in. */
export const EMPTY: Snapshot = {
  status: "loading",
  tasks: [],
  connection: { phase: "idle", ...QUIET },
  unsent: 0,
  setAside: [],
};

/**
 * Says a state of the machine in the words of the screens.
 *
 * @param isCurrent - Whether a pull came through since the socket was opened (CL4).
 */
export function describe(state: State, isCurrent: boolean): Connection {
  switch (state.phase) {
    case "idle":
      return { phase: "idle", ...QUIET };
    case "authorizing":
    case "opening":
      return { phase: "connecting", ...QUIET, attempt: state.failures };
    case "live":
    case "probing":
      return { phase: isCurrent ? "live" : "catching up", ...QUIET };
    case "waiting":
      return { phase: "waiting", retryAt: state.retryAt, reason: state.reason, attempt: state.failures };
    case "resting":
    case "stopped":
      return { phase: state.phase, ...QUIET, reason: state.reason };
  }
}

/** Whether two snapshots say the same. */
export function isSame(a: Snapshot, b: Snapshot): boolean {
  return (
    a.status === b.status &&
    a.tasks === b.tasks &&
    a.unsent === b.unsent &&
    a.setAside === b.setAside &&
    isSameConnection(a.connection, b.connection)
  );
}

function isSameConnection(a: Connection, b: Connection): boolean {
  return a.phase === b.phase && a.retryAt === b.retryAt && a.reason === b.reason && a.attempt === b.attempt;
}
