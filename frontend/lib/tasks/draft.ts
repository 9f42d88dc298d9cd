import type { Due, Priority, Task, TaskPatch } from "@/lib/protocol/types";
import { deviceZone, knownZone, momentOf, wallTime } from "./zone";

/** The fields of a task as they are typed: `date` is `2026-02-28` or empty, `time` is `09:00` or empty. */
export interface TaskDraft {
  title: string;
  description: string;
  priority: Priority;
  date: string;
  time: string;
}

export const EMPTY_DRAFT: TaskDraft = { title: "", description: "", priority: "medium", date: "", time: "" };

/** The zone in which the due time of a task is shown and typed: the one it was meant in, else the device's. */
export function zoneOf(task: Task): string {
  return task.due?.kind === "instant" ? knownZone(task.due.zone) : deviceZone();
}

/** The draft with which editing a task begins. */
export function draftOf(task: Task): TaskDraft {
  const { title, description, priority, due } = task;
  const when =
    due === null
      ? { date: "", time: "" }
      : due.kind === "day"
        ? { date: due.date, time: "" }
        : wallTime(Date.parse(due.at), zoneOf(task));
  return { title, description, priority, ...when };
}

/** The due date that is typed: none, a day, or, with a time, a moment. */
export function dueOf({ date, time }: Pick<TaskDraft, "date" | "time">, zone: string): Due {
  if (date === "") return null;
  if (time === "") return { kind: "day", date };
  return { kind: "instant", at: new Date(momentOf({ date, time }, zone)).toISOString(), zone };
}

/**
 * Only what the person changed (WR2): what somebody else did to the other fields meanwhile stays.
 *
 * @param base - The task as it was when editing began.
 */
export function changesOf(base: Task, draft: TaskDraft): TaskPatch {
  const before = draftOf(base);
  const title = draft.title.trim();
  const patch: TaskPatch = {};
  if (title !== before.title.trim()) patch.title = title;
  if (draft.description !== before.description) patch.description = draft.description;
  if (draft.priority !== before.priority) patch.priority = draft.priority;
  if (draft.date !== before.date || draft.time !== before.time) patch.due = dueOf(draft, zoneOf(base));
  return patch;
}

/** The fields that the form shows. */
export type Field = "title" | "description" | "priority" | "due";

/** What came from elsewhere while a task was being edited: the fields that are no longer as they were. */
export function changedElsewhere(base: Task, current: Task): Field[] {
  const fields: Field[] = [];
  if (base.title !== current.title) fields.push("title");
  if (base.description !== current.description) fields.push("description");
  if (base.priority !== current.priority) fields.push("priority");
  if (!sameDue(base.due, current.due)) fields.push("due");
  return fields;
}

function sameDue(a: Due, b: Due): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === "day") return b.kind === "day" && a.date === b.date;
  return b.kind === "instant" && Date.parse(a.at) === Date.parse(b.at) && a.zone === b.zone;
}
