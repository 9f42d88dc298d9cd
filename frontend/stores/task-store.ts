import { create } from "zustand";
import type { Notice } from "@/lib/sync/notices";
import type { Priority, ServerMessage, Task, TaskPatch } from "@/lib/protocol/types";

/** A task as the screen shows it: what the server said, with the edits that it has not confirmed yet. */
export type ViewTask = Task & { pending: boolean };

export interface Connection {
  phase: "idle" | "connecting" | "live" | "waiting" | "resting" | "stopped";
  /** When the next attempt begins (ms since 1970, this device's clock). */
  retryAt: number | null;
  reason: string | null;
  attempt: number;
}

export interface NewTask {
  title: string;
  description?: string;
  priority?: Priority;
  due?: Task["due"];
}

export interface SetAside {
  key: string;
  taskId: string;
  title: string;
  reason: string;
}

export interface TaskState {
  status: "loading" | "ready";
  tasks: readonly ViewTask[];
  connection: Connection;
  unsent: number;
  setAside: readonly SetAside[];
  wsEnabled: boolean;
}

export interface TaskActions {
  createTask: (task: NewTask) => string;
  patchTask: (id: string, patch: TaskPatch) => void;
  completeTask: (id: string) => void;
  deleteTask: (id: string) => void;
  restoreTask: (id: string) => void;
  dismiss: (key: string) => void;
  retryNow: () => void;
  handleWebSocketMessage: (message: ServerMessage) => void;
  setWebSocketEnabled: (enabled: boolean) => void;
}

/** Tells the listener of what others did; returns the way to stop it. */
export function onNotice(_listener: (notice: Notice) => void): () => void {
  return () => undefined;
}

export const useTaskStore = create<TaskState & TaskActions>()((set) => ({
  status: "loading",
  tasks: [],
  connection: { phase: "idle", retryAt: null, reason: null, attempt: 0 },
  unsent: 0,
  setAside: [],
  wsEnabled: true,
  createTask: () => "",
  patchTask: () => undefined,
  completeTask: () => undefined,
  deleteTask: () => undefined,
  restoreTask: () => undefined,
  dismiss: () => undefined,
  retryNow: () => undefined,
  handleWebSocketMessage: () => undefined,
  setWebSocketEnabled: (enabled) => {
    set({ wsEnabled: enabled });
  },
}));
