import type { Changes, TaskUpdate } from "@/lib/protocol/types";
import { NOTHING_CONFIRMED, type Confirmed } from "./confirmed";
import type { Answer, Edit } from "./edits";
import { applyEvents } from "./events";
import { applyPull, foldPages } from "./pull";
import * as queues from "./queue";
import type { Queue } from "./queue";

/** A pull that has begun: what was known then. */
export interface BegunPull {
  readonly asked: Confirmed;
  /** The keys of the edits that the server had answered then; they, too, are in it. */
  readonly answered: ReadonlySet<string>;
}

/** What came of a pull, or of events. */
export interface Learned {
  /** The events that tell something new, to speak of them (CL13). */
  readonly news: readonly TaskUpdate[];
  /** The client has to pull once more, without a cursor. */
  readonly afresh: boolean;
}

/**
 * This client's copy: confirmed state, the events that wait for one before them, and the pending edits (CL1).
 *
 * It knows nothing of sockets, requests or time. Whatever is told here, in whatever order and how often, leads to the
 * server's state as soon as a pull is through (CL3).
 */
export class Replica {
  #confirmed = NOTHING_CONFIRMED;
  #held: readonly TaskUpdate[] = [];
  #queue: Queue = [];
  #loaded = false;
  /** What came since the pull that is under way began, and whether it was news; a reset would undo it (CL6). */
  #sincePull: Map<TaskUpdate, boolean> | null = null;

  get confirmed(): Confirmed {
    return this.#confirmed;
  }

  get queue(): Queue {
    return this.#queue;
  }

  /** Whether a whole pull has been applied since the start. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Whether events wait for one that has not come (CL2). */
  get waits(): boolean {
    return this.#held.length > 0;
  }

  /** Whether an answered edit waits for confirmed state to show it (CL7). */
  get unsettled(): boolean {
    return this.#queue.some((edit) => edit.answer !== null);
  }

  /** Takes pushed events (CL2). */
  receive(events: readonly TaskUpdate[]): Learned {
    for (const event of events) this.#sincePull?.set(event, false);
    const result = applyEvents(this.#confirmed, [...this.#held, ...events]);
    this.#confirmed = result.confirmed;
    this.#held = [...result.held, ...result.foreign];
    this.#queue = queues.settle(queues.withEvents(this.#queue, result.applied), this.#confirmed);
    for (const event of result.applied) this.#sincePull?.set(event, true);
    return { news: result.applied, afresh: false };
  }

  /** Notes what is known when a pull begins. Only one pull may be under way. */
  beginPull(): BegunPull {
    this.#sincePull = new Map();
    const answered = this.#queue.filter((edit) => edit.answer !== null);
    return {
      asked: this.#confirmed,
      answered: new Set(answered.map((edit) => edit.key)),
    };
  }

  /**
   * Applies a whole pull (CL6), and then the events that came while it was under way. Whatever the ones told that
   * were held before is in the pull: what it does not explain belongs to a history that is gone.
   */
  finishPull(begun: BegunPull, pages: readonly [Changes, ...Changes[]]): Learned {
    const result = applyPull(this.#confirmed, foldPages(pages), begun.asked);
    this.#confirmed = result.confirmed;
    if (result.afresh) return { news: [], afresh: true };
    this.#loaded = true;
    // An edit that was answered before the pull is in it, also where a restored database has lost it (CL7, FD3).
    this.#queue = queues.without(this.#queue, begun.answered);
    const since = this.#sincePull ?? new Map<TaskUpdate, boolean>();
    const waited = this.#held;
    this.#sincePull = null;
    this.#held = [];
    const { news } = this.receive([...since.keys()]);
    const passed = waited.filter((event) => this.#shows(event));
    const told = (event: TaskUpdate) => since.get(event) === true;
    return { news: [...new Set([...passed, ...news])].filter((event) => !told(event)), afresh: false };
  }

  /** Notes that a pull came to nothing. */
  abandonPull(): void {
    this.#sincePull = null;
  }

  #shows(event: TaskUpdate): boolean {
    const space = this.#confirmed.spaces.get(event.space);
    return space?.epoch === event.epoch && event.seq <= space.cursor;
  }

  /** Forgets the feed's cursor, which the server could not read (FD5); what is shown stays until the next pull. */
  forgetCursor(): void {
    this.#confirmed = { ...this.#confirmed, feed: null };
  }

  /** Puts edits that were kept from an earlier time before those of now. */
  restoreEdits(edits: Queue): void {
    this.#queue = [...edits, ...this.#queue];
  }

  /** Adds an edit of this device's user. */
  edit(edit: Edit): void {
    this.#queue = [...this.#queue, edit];
  }

  /** Notes the server's answer to an edit. */
  answered(key: string, answer: Answer): void {
    this.#queue = queues.settle(queues.withAnswer(this.#queue, key, answer), this.#confirmed);
  }

  /** Takes edits out of the queue, whatever their state. */
  drop(keys: ReadonlySet<string>): void {
    this.#queue = queues.without(this.#queue, keys);
  }
}
