import type { Task, TaskUpdate } from "@/lib/protocol/types";
import type { Confirmed, SpaceState } from "./confirmed";
import { groupBy } from "./group-by";

/** What came of a batch of events. */
export interface EventsApplied {
  readonly confirmed: Confirmed;
  /** The events that changed the state, in the order in which they did. */
  readonly applied: readonly TaskUpdate[];
  /** Events that wait for one before them. */
  readonly held: readonly TaskUpdate[];
  /** Events of a space or of an epoch that is not known: only a pull can tell what they mean. */
  readonly foreign: readonly TaskUpdate[];
}

/**
 * Applies pushed events (CL2): the next one of its space is applied, one that is not newer is dropped, and one after
 * a gap is held. A batch may be in any order and hold duplicates; a space's tasks are copied once for all of it.
 *
 * @param confirmed - The state before.
 * @param events - New events together with those held before.
 */
export function applyEvents(confirmed: Confirmed, events: readonly TaskUpdate[]): EventsApplied {
  const spaces = new Map(confirmed.spaces);
  const applied: TaskUpdate[] = [];
  const held: TaskUpdate[] = [];
  const foreign: TaskUpdate[] = [];
  for (const [id, batch] of groupBy(events, (event) => event.space)) {
    const space = confirmed.spaces.get(id);
    const known = batch.filter((event) => event.epoch === space?.epoch);
    foreign.push(...batch.filter((event) => event.epoch !== space?.epoch));
    if (space === undefined || known.length === 0) continue;
    const result = advance(space, known);
    spaces.set(id, result.space);
    applied.push(...result.applied);
    held.push(...result.held);
  }
  return {
    confirmed: applied.length === 0 ? confirmed : { ...confirmed, spaces },
    applied,
    held,
    foreign,
  };
}

function advance(
  space: SpaceState,
  events: readonly TaskUpdate[],
): { space: SpaceState; applied: TaskUpdate[]; held: TaskUpdate[] } {
  const applied: TaskUpdate[] = [];
  const held = new Map<number, TaskUpdate>();
  let cursor = space.cursor;
  for (const event of events.toSorted((a, b) => a.seq - b.seq)) {
    if (event.seq === cursor + 1) {
      applied.push(event);
      cursor = event.seq;
    } else if (event.seq > cursor) {
      held.set(event.seq, event);
    }
  }
  const tasks = applied.length === 0 ? space.tasks : withEvents(space.tasks, applied);
  return { space: { ...space, cursor, tasks }, applied, held: [...held.values()] };
}

function withEvents(tasks: ReadonlyMap<string, Task>, events: readonly TaskUpdate[]): Map<string, Task> {
  const next = new Map(tasks);
  for (const { event, task } of events) {
    if (event === "task.deleted") next.delete(task.id);
    else next.set(task.id, task);
  }
  return next;
}
