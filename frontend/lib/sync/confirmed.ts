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
 * Compares the heads of a heartbeat with what is confirmed (CL5).
 *
 * @returns Whether they differ anywhere: a space ahead, behind, of another epoch, new, or gone. All of them mean that
 *   the client pulls, and the feed says what is true.
 */
export function differs(confirmed: Confirmed, heads: Heads): boolean {
  const named = Object.entries(heads);
  return (
    named.length !== confirmed.spaces.size ||
    named.some(([id, head]) => {
      const space = confirmed.spaces.get(id);
      return space?.epoch !== head.epoch || space.cursor !== head.head;
    })
  );
}
