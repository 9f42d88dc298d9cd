import type { Changes, SpaceChanges, Task } from "@/lib/protocol/types";
import type { Confirmed, SpaceState } from "./confirmed";

/** The pages of a whole pull, taken together. */
export interface Pulled {
  readonly feed: string;
  readonly spaces: ReadonlyMap<string, PulledSpace>;
}

interface PulledSpace {
  readonly epoch: string;
  readonly head: number;
  readonly through: number;
  /** Whether `changes` is the whole space (FD3). */
  readonly reset: boolean;
  /** The latest state of what changed by task id; `null` is a deletion. */
  readonly changes: ReadonlyMap<string, Task | null>;
}

/** What came of a pull. */
export interface PullApplied {
  readonly confirmed: Confirmed;
  /** The server's history is not the one this client knows: it has to pull without a cursor, which replaces all. */
  readonly afresh: boolean;
}

/**
 * Folds the pages of a pull, the last of which says `more: false`.
 *
 * Each page is a snapshot of its own, so a task may be on two of them: the later page wins. A reset on a page drops
 * what earlier ones said of the space.
 */
export function foldPages(pages: readonly [Changes, ...Changes[]]): Pulled {
  const spaces = new Map<string, PulledSpace>();
  let feed = pages[0].cursor;
  for (const page of pages) {
    feed = page.cursor;
    for (const part of page.spaces) spaces.set(part.id, foldSpace(spaces.get(part.id), part));
  }
  return { feed, spaces };
}

function foldSpace(before: PulledSpace | undefined, part: SpaceChanges): PulledSpace {
  const startsOver = part.reset || before?.epoch !== part.epoch;
  const changes = new Map(startsOver ? [] : before.changes);
  for (const id of part.deleted) changes.set(id, null);
  for (const task of part.tasks) changes.set(task.id, task);
  return {
    epoch: part.epoch,
    head: part.head,
    through: part.through,
    reset: part.reset || (!startsOver && before.reset),
    changes,
  };
}

/**
 * Applies a whole pull (CL6): a reset replaces its space, also by an older state, for that is what a restored
 * database is; anything else is taken only as far as it is newer. Spaces that the pull does not name are
 * forgotten (FD6).
 *
 * @param confirmed - The state now; events may have moved it while the pull was under way.
 * @param pulled - The folded pages.
 * @param asked - The state when the pull began.
 */
export function applyPull(confirmed: Confirmed, pulled: Pulled, asked: Confirmed): PullApplied {
  const spaces = new Map<string, SpaceState>();
  let afresh = false;
  for (const [id, changes] of pulled.spaces) {
    const space = confirmed.spaces.get(id);
    if (changes.reset || asked.feed === null) {
      spaces.set(id, { epoch: changes.epoch, cursor: changes.through, tasks: live(changes.changes) });
    } else if (space === undefined || isAnotherHistory(space, changes, asked.spaces.get(id))) {
      afresh = true;
    } else {
      spaces.set(id, merge(space, changes));
    }
  }
  if (afresh) return { confirmed: { ...confirmed, feed: null }, afresh };
  return { confirmed: { feed: pulled.feed, spaces }, afresh };
}

/**
 * A head below what this client knew before it asked: the database was restored. The feed itself does not see it
 * while its own cursor, which events do not move, is still below that head.
 */
function isAnotherHistory(space: SpaceState, changes: PulledSpace, before: SpaceState | undefined): boolean {
  return space.epoch !== changes.epoch || (before !== undefined && changes.head < before.cursor);
}

function merge(space: SpaceState, pulled: PulledSpace): SpaceState {
  if (pulled.through <= space.cursor) return space;
  const tasks = new Map(space.tasks);
  for (const [id, task] of pulled.changes) {
    if (task === null) tasks.delete(id);
    else if (tasks.get(id)?.seq !== task.seq) tasks.set(id, task);
  }
  return { ...space, cursor: pulled.through, tasks };
}

function live(changes: ReadonlyMap<string, Task | null>): Map<string, Task> {
  const tasks = new Map<string, Task>();
  for (const [id, task] of changes) if (task !== null) tasks.set(id, task);
  return tasks;
}
