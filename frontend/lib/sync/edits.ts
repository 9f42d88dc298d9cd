import type { Priority, Task, TaskPatch } from "@/lib/protocol/types";

/** What a person fills in for a new task. */
export interface NewTask {
  title: string;
  description?: string;
  priority?: Priority;
  due?: Task["due"];
}

/** What an edit does to its task. */
export type Change =
  | { readonly kind: "create"; readonly task: NewTask }
  | { readonly kind: "patch"; readonly patch: TaskPatch }
  | { readonly kind: "delete" }
  /** `task` is the task as it was last seen, so that it can be shown before the server answers; `null` is unknown. */
  | { readonly kind: "restore"; readonly task: Task | null };

/** What a write answered (WR5): the place at which the change is in its space. */
export interface Answer {
  readonly space: string;
  readonly seq: number;
}

/** Something that this device's user did and that confirmed state does not show yet (CL1). */
export interface Edit {
  /** The `Idempotency-Key` of all its tries (CL8). */
  readonly key: string;
  readonly taskId: string;
  readonly userId: string;
  /** The title of the task when the edit was made, to speak of it. */
  readonly title: string;
  /** When it was made, by this device's clock (RFC 3339). Shown until the server's times come; never compared. */
  readonly madeAt: string;
  readonly change: Change;
  /** Where the server put it; `null` until it answered. */
  readonly answer: Answer | null;
}

/**
 * Shows an edit on a task, as the server will do it.
 *
 * @param task - The task before, `undefined` when there is none.
 * @returns The task after, `undefined` when there is none.
 */
export function applyEdit(task: Task | undefined, edit: Edit): Task | undefined {
  const { change } = edit;
  switch (change.kind) {
    case "create":
      // What is confirmed already is the very task: its event came before the answer.
      return task ?? created(edit, change.task);
    case "patch":
      // Deletion wins (WR3).
      return task && patched(task, change.patch, edit.madeAt);
    case "delete":
      return undefined;
    case "restore":
      return task ?? change.task ?? undefined;
  }
}

function created(edit: Edit, fields: NewTask): Task {
  return {
    id: edit.taskId,
    user_id: edit.userId,
    // The server chooses the Inbox; only its answer says which space that is.
    space: edit.answer?.space ?? "",
    seq: 0,
    title: fields.title,
    description: fields.description ?? "",
    completed: false,
    completed_at: null,
    priority: fields.priority ?? "medium",
    due: fields.due ?? null,
    created_at: edit.madeAt,
    updated_at: edit.madeAt,
  };
}

function patched(task: Task, patch: TaskPatch, at: string): Task {
  const completed = patch.completed ?? task.completed;
  const completedAt = completed ? at : null;
  return {
    ...task,
    ...patch,
    completed_at: completed === task.completed ? task.completed_at : completedAt,
    updated_at: at,
  };
}
