import type { TaskUpdate } from "@/lib/protocol/types";
import type { Cancel, Clock } from "./clock";

/** What somebody else (another person, device or tab) did, in the words of a toast (CL13). */
export interface Notice {
  kind: "created" | "updated" | "completed" | "deleted";
  /** The tasks it is about, the first one first. */
  taskIds: string[];
  /** The title of the first task. */
  title: string;
  /** How many tasks: a burst makes one notice. */
  count: number;
  /** The device ("Firefox on Linux") when it is one's own, else the name of the person. */
  who: string;
}

const MERGE_MS = 400;

const KINDS: Record<TaskUpdate["event"], Notice["kind"]> = {
  "task.created": "created",
  "task.updated": "updated",
  "task.completed": "completed",
  "task.deleted": "deleted",
};

/** Merges events into notices: those of one kind by one hand within 400 ms make one. */
export class Notices {
  readonly #clock: Clock;
  readonly #userId: string;
  readonly #tell: (notice: Notice) => void;
  readonly #open = new Map<string, Notice>();
  readonly #timers = new Set<Cancel>();

  constructor(clock: Clock, userId: string, tell: (notice: Notice) => void) {
    this.#clock = clock;
    this.#userId = userId;
    this.#tell = tell;
  }

  /** Takes an event that somebody else caused. */
  add({ event, actor, task }: TaskUpdate): void {
    const kind = KINDS[event];
    const who = actor.user_id === this.#userId ? actor.device : actor.name;
    const burst = JSON.stringify([kind, who]);
    const notice = this.#open.get(burst);
    if (notice === undefined) {
      this.#open.set(burst, { kind, taskIds: [task.id], title: task.title, count: 1, who });
      const cancel = this.#clock.setTimer(() => {
        this.#timers.delete(cancel);
        this.#close(burst);
      }, MERGE_MS);
      this.#timers.add(cancel);
    } else if (!notice.taskIds.includes(task.id)) {
      notice.taskIds.push(task.id);
      notice.count += 1;
    }
  }

  /** Forgets what has not been told. */
  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#open.clear();
  }

  #close(burst: string): void {
    const notice = this.#open.get(burst);
    this.#open.delete(burst);
    if (notice !== undefined) this.#tell(notice);
  }
}
