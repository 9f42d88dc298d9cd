import type { Heads, Task } from "@/lib/protocol/types";

/** What the server said of one space (SP1). */
export interface SpaceState {
  /** The history that `cursor` counts in (SP5). */
  readonly epoch: string;
  /** The `seq` up to which `tasks` is complete. */
  readonly cursor: number;
  /** The live tasks by id. */
  readonly tasks: ReadonlyMap<string, Task>;
}

/** What the server said, and nothing else (CL1). Never changed in place: what is the same object is the same state. */
export interface Confirmed {
  /** The feed's opaque cursor (FD5), `null` before the first pull. No space stands behind it, some may be ahead. */
  readonly feed: string | null;
  readonly spaces: ReadonlyMap<string, SpaceState>;
}

/** Nothing is known yet. */
export const NOTHING_CONFIRMED: Confirmed = { feed: null, spaces: new Map() };

/** Finds a live task in whatever space it is. */
export function findTask(confirmed: Confirmed, id: string): Task | undefined {
  for (const space of confirmed.spaces.values()) {
    const task = space.tasks.get(id);
    if (task !== undefined) return task;
  }
  return undefined;
}

/**
 * Where confirmed state stands against the heads of a heartbeat (CL5): `level`; `short` of changes whose events may be
 * on their way; or `astray`, where no event can help: a space ahead of its head (the database was restored), of
 * another epoch, new, or gone.
 */
export type Standing = "level" | "short" | "astray";

/** Compares confirmed state with the heads of a heartbeat that has just come. */
export function standing(confirmed: Confirmed, heads: Heads): Standing {
  const named = Object.entries(heads);
  const isAstray = named.some(([id, head]) => {
    const space = confirmed.spaces.get(id);
    return space?.epoch !== head.epoch || space.cursor > head.head;
  });
  if (isAstray || named.length !== confirmed.spaces.size) return "astray";
  return hasReached(confirmed, heads) ? "level" : "short";
}

/** Whether confirmed state shows all that heads of some time ago told of; it may be further. */
export function hasReached(confirmed: Confirmed, heads: Heads): boolean {
  return Object.entries(heads).every(([id, head]) => {
    const space = confirmed.spaces.get(id);
    return space?.epoch === head.epoch && space.cursor >= head.head;
  });
}
