import type { TaskUpdate } from "@/lib/protocol/types";
import type { Confirmed } from "./confirmed";
import type { Answer, Edit } from "./edits";

/** The pending edits in the order in which they were made. */
export type Queue = readonly Edit[];

/** Those that the server has not answered. */
export function unanswered(queue: Queue): Edit[] {
  return queue.filter((edit) => edit.answer === null);
}

/**
 * The edits that may be on their way now: of each task the first that is not answered (CL8).
 *
 * @returns In the order in which they were made.
 */
export function firstOfEachTask(queue: Queue): Edit[] {
  const first = new Map<string, Edit>();
  for (const edit of queue) {
    if (edit.answer === null && !first.has(edit.taskId)) first.set(edit.taskId, edit);
  }
  return [...first.values()];
}

/** Notes the server's answer to an edit; it stays in the queue until {@link settle} takes it out (CL7). */
export function withAnswer(queue: Queue, key: string, answer: Answer): Queue {
  return queue.map((edit) => (edit.key === key ? { ...edit, answer } : edit));
}

/** Takes edits out, whatever their state. */
export function without(queue: Queue, keys: ReadonlySet<string>): Queue {
  return queue.some((edit) => keys.has(edit.key)) ? queue.filter((edit) => !keys.has(edit.key)) : queue;
}

/**
 * An event that carries an edit's key is its answer too, and often the earlier one: the edit is done even if the
 * reply is lost.
 */
export function withEvents(queue: Queue, events: readonly TaskUpdate[]): Queue {
  const byKey = new Map(events.map((event) => [event.mutation, event]));
  if (!queue.some((edit) => byKey.has(edit.key))) return queue;
  return queue.map((edit) => {
    const event = byKey.get(edit.key);
    return event === undefined ? edit : { ...edit, answer: { space: event.space, seq: event.seq } };
  });
}

/** Takes out the answered edits whose change confirmed state shows (CL7). */
export function settle(queue: Queue, confirmed: Confirmed): Queue {
  const shown = queue.filter((edit) => {
    const cursor = edit.answer && confirmed.spaces.get(edit.answer.space)?.cursor;
    return edit.answer !== null && typeof cursor === "number" && cursor >= edit.answer.seq;
  });
  return without(queue, new Set(shown.map((edit) => edit.key)));
}
