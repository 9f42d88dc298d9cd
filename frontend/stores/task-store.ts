import { create } from "zustand";
import type { ServerMessage, TaskPatch } from "@/lib/protocol/types";
import type { NewTask } from "@/lib/sync/edits";
import type { Notice } from "@/lib/sync/notices";
import { EMPTY, type Snapshot } from "@/lib/websocket/snapshot";
import type { SyncClient } from "@/lib/websocket/sync-client";

export type { NewTask } from "@/lib/sync/edits";
export type { ViewTask } from "@/lib/sync/view";
export type { Connection, SetAside } from "@/lib/websocket/snapshot";

export interface TaskState extends Snapshot {
  /** Whether this tab has a socket at all. */
  wsEnabled: boolean;
}

export interface TaskActions {
  /** Makes a task and shows it at once; returns its id. */
  createTask: (task: NewTask) => string;
  patchTask: (id: string, patch: TaskPatch) => void;
  completeTask: (id: string) => void;
  deleteTask: (id: string) => void;
  restoreTask: (id: string) => void;
  /** Forgets an edit that was set aside. */
  dismiss: (key: string) => void;
  /** Tries the connection, and what waits to be sent, now. */
  retryNow: () => void;
  /** Takes a message as if it had come over the socket. */
  handleWebSocketMessage: (message: ServerMessage) => void;
  setWebSocketEnabled: (enabled: boolean) => void;
}

let client: SyncClient | null = null;
const listeners = new Set<(notice: Notice) => void>();

/** The tasks of who is signed in, for the screens. Without anybody signed in the actions do nothing. */
export const useTaskStore = create<TaskState & TaskActions>()((set) => ({
  ...EMPTY,
  wsEnabled: true,
  createTask: (task) => client?.createTask(task) ?? "",
  patchTask: (id, patch) => client?.patchTask(id, patch),
  completeTask: (id) => client?.patchTask(id, { completed: true }),
  deleteTask: (id) => client?.deleteTask(id),
  restoreTask: (id) => client?.restoreTask(id),
  dismiss: (key) => client?.dismiss(key),
  retryNow: () => client?.retryNow(),
  handleWebSocketMessage: (message) => client?.receive(message),
  setWebSocketEnabled: (enabled) => {
    set({ wsEnabled: enabled });
    client?.setPush(enabled);
  },
}));

/**
 * Puts a client under the store's actions.
 *
 * @returns The way to take it out again, which empties the store.
 */
export function attachClient(next: SyncClient): () => void {
  client = next;
  return () => {
    if (client !== next) return;
    client = null;
    useTaskStore.setState(EMPTY);
  };
}

/** Shows what the client says. */
export function publishSnapshot(snapshot: Snapshot): void {
  useTaskStore.setState(snapshot);
}

/** Hands a notice to all who listen. */
export function publishNotice(notice: Notice): void {
  for (const listener of listeners) listener(notice);
}

/** Tells the listener of what others did (CL13); returns the way to stop it. */
export function onNotice(listener: (notice: Notice) => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
