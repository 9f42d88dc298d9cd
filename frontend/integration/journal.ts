import { isTaskDeleted } from "@/lib/protocol/guards";
import { parseServerMessage } from "@/lib/protocol/messages";
import type { Edit } from "@/lib/sync/edits";

/** The part of a task that the acts change. */
export interface Content {
  readonly title: string;
  readonly completed: boolean;
}

/** Refusals that are no answer to the edit (CL9). */
const TRANSIENT = new Set([401, 408, 429]);

/**
 * All edits that the tabs made, and what the server said of each, written down before the network could lose it. What
 * the server holds at the end is computed from it without any code of the engine.
 */
export class Journal {
  readonly #edits = new Map<string, Edit>();
  readonly #outcomes = new Map<string, Set<number | string>>();

  /** A tab made an edit. */
  made(edit: Edit): void {
    this.#edits.set(edit.key, edit);
  }

  /** The server answered a write. */
  answered(key: string, status: number, body: unknown): void {
    if (isTaskDeleted(body)) this.#note(key, body.seq);
    else if (status < 500 && !TRANSIENT.has(status)) this.#note(key, `refused with ${status}`);
  }

  /** The server said something over a socket; the event of an edit tells where it is as well. */
  said(text: string): void {
    const message = parseServerMessage(text);
    if (message?.type === "task_update") this.#note(message.mutation, message.seq);
  }

  /** What speaks against "each edit was done at most once, and answered" (WR4): empty when nothing does. */
  get contradictions(): string[] {
    const outcomes = [...this.#edits.keys()].map(
      (key) => [key, [...(this.#outcomes.get(key) ?? [])]] as const,
    );
    const told = outcomes
      .filter(([, all]) => all.length !== 1)
      .map(([key, all]) => `${key}: ${all.join(", ")}`);
    const unknown = [...this.#outcomes.keys()].filter((key) => !this.#edits.has(key));
    return [...told, ...unknown.map((key) => `${key}: nobody made it`)];
  }

  /** The places at which the edits are, in order. A change that no edit made is missing here (WR5). */
  get places(): number[] {
    return [...new Set(this.#done().map(({ seq }) => seq))].sort((a, b) => a - b);
  }

  /** The live tasks that come of all acknowledged edits, in the server's order (WR2, WR3). */
  get tasks(): Map<string, Content> {
    const all = new Map<string, Content>();
    const deleted = new Set<string>();
    for (const { edit } of this.#done()) {
      const { taskId, change } = edit;
      const before = all.get(taskId) ?? { title: "", completed: false };
      if (change.kind === "create") all.set(taskId, { title: change.task.title, completed: false });
      else if (change.kind === "patch") {
        const { title, completed } = change.patch;
        all.set(taskId, { title: title ?? before.title, completed: completed ?? before.completed });
      } else if (change.kind === "delete") deleted.add(taskId);
      else deleted.delete(taskId);
    }
    return new Map([...all].filter(([id]) => !deleted.has(id)));
  }

  /** Edits that changed nothing answer with the place of the edit before them, which they may follow or precede. */
  #done(): { edit: Edit; seq: number }[] {
    return [...this.#edits.values()]
      .flatMap((edit) => {
        const [outcome] = this.#outcomes.get(edit.key) ?? [];
        return typeof outcome === "number" ? [{ edit, seq: outcome }] : [];
      })
      .sort((a, b) => a.seq - b.seq);
  }

  #note(key: string, outcome: number | string): void {
    this.#outcomes.set(key, (this.#outcomes.get(key) ?? new Set()).add(outcome));
  }
}
