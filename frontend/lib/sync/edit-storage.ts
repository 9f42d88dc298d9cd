import type { Queue } from "./queue";

/** Where the pending edits of a user are kept: in memory for now; a database of the browser fits under it. */
export interface EditStorage {
  /** The edits that were kept, in their order. */
  load(userId: string): Promise<Queue>;
  /** Keeps the edits in the place of those before. Edits are never changed in place: equal ones are the same object. */
  save(userId: string, queue: Queue): void;
}

/**
 * Keeps edits for as long as the page lives: somebody whose session ran out finds them again after signing in, and
 * nobody else does.
 */
export function memoryStorage(): EditStorage {
  const queues = new Map<string, Queue>();
  return {
    load: (userId) => Promise.resolve(queues.get(userId) ?? []),
    save: (userId, queue) => {
      queues.set(userId, queue);
    },
  };
}
