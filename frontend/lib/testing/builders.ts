import type { Refusal } from "@/lib/api/http";
import type { ProblemCode, Task, TaskUpdate } from "@/lib/protocol/types";
import type { Edit } from "@/lib/sync/edits";

export const USER = "user-1";
export const SPACE = "space-1";
export const EPOCH = "epoch-1";
const AT = "2026-01-01T00:00:00.000Z";

/** A task; what a test does not say is plain. */
export function aTask(fields: Partial<Task> = {}): Task {
  return {
    id: "task-1",
    user_id: USER,
    space: SPACE,
    seq: 1,
    title: "Buy groceries",
    description: "",
    completed: false,
    completed_at: null,
    priority: "medium",
    due: null,
    created_at: AT,
    updated_at: AT,
    ...fields,
  };
}

/** The event of a change that made `task`. */
export function anEvent(task: Task, fields: Partial<TaskUpdate> = {}): TaskUpdate & { type: "task_update" } {
  return {
    event: "task.updated",
    task,
    timestamp: AT,
    space: task.space,
    epoch: EPOCH,
    seq: task.seq,
    actor: { user_id: USER, name: "Ada", device_id: "device-2", device: "Firefox on Linux" },
    mutation: `mutation-${task.seq}`,
    ...fields,
    type: "task_update",
  };
}

/** An edit that was not answered. */
export function anEdit(fields: Partial<Edit> = {}): Edit {
  return {
    key: "key-1",
    taskId: "task-1",
    userId: USER,
    title: "Buy groceries",
    madeAt: AT,
    change: { kind: "patch", patch: { title: "Buy bread" } },
    answer: null,
    ...fields,
  };
}

/** A refusal of the server. */
export function aRefusal(status: number, code: ProblemCode, retryAfterMs: number | null = null): Refusal {
  const problem = {
    type: `urn:tandem:problem:${code}`,
    title: code,
    status,
    detail: `because ${code}`,
    code,
  };
  return { ok: false, problem, retryAfterMs };
}
