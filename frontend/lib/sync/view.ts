import type { Task } from "@/lib/protocol/types";
import type { Confirmed } from "./confirmed";
import { applyEdit, type Edit } from "./edits";
import { groupBy } from "./group-by";
import type { Queue } from "./queue";

/** A task as the screen shows it: what the server said, with the edits that it has not confirmed yet. */
export type ViewTask = Task & { pending: boolean };

/** The function from what is known to what is shown (CL1). */
export type View = (confirmed: Confirmed, queue: Queue) => readonly ViewTask[];

interface Shown {
  readonly base: Task | undefined;
  readonly edits: readonly Edit[];
  readonly task: ViewTask | undefined;
}

/**
 * Makes a {@link View} that remembers what it made: a task that did not change stays the same object, and so does the
 * list when none did. With 10,000 tasks a call costs about a millisecond.
 */
export function createView(): View {
  const unedited = new WeakMap<Task, ViewTask>();
  let before = new Map<string, Shown>();
  let last: readonly ViewTask[] = [];

  function plain(task: Task): ViewTask {
    let shown = unedited.get(task);
    if (shown === undefined) {
      shown = { ...task, pending: false };
      unedited.set(task, shown);
    }
    return shown;
  }

  return (confirmed, queue) => {
    const editsByTask = groupBy(queue, (edit) => edit.taskId);
    const nowEdited = new Map<string, Shown>();
    const tasks: ViewTask[] = [];

    const show = (id: string, base: Task | undefined, edits: readonly Edit[]) => {
      const old = before.get(id);
      const same = old !== undefined && old.base === base && sameItems(old.edits, edits);
      const shown = same ? old : { base, edits, task: edited(base, edits) };
      nowEdited.set(id, shown);
      if (shown.task !== undefined) tasks.push(shown.task);
    };

    for (const space of confirmed.spaces.values()) {
      for (const task of space.tasks.values()) {
        const edits = editsByTask.get(task.id);
        if (edits === undefined) tasks.push(plain(task));
        else show(task.id, task, edits);
      }
    }
    for (const [id, edits] of editsByTask) if (!nowEdited.has(id)) show(id, undefined, edits);

    before = nowEdited;
    if (!sameItems(last, tasks)) last = tasks;
    return last;
  };
}

function edited(base: Task | undefined, edits: readonly Edit[]): ViewTask | undefined {
  const task = edits.reduce<Task | undefined>(applyEdit, base);
  return task && { ...task, pending: true };
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
