import type { Refusal } from "@/lib/api/http";
import { backoffMs } from "./backoff";
import type { Cancel, Clock } from "./clock";
import type { Answer, Edit } from "./edits";
import { firstOfEachTask } from "./queue";
import type { Remote } from "./remote";
import type { Replica } from "./replica";

/** How many requests a browser sends to one host side by side over HTTP/1.1. */
const SIDE_BY_SIDE = 6;

/** What a sender needs of its surroundings. */
export interface SenderPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly remote: Remote;
  readonly replica: Replica;
  /** The server took an edit. */
  readonly answered: (edit: Edit, answer: Answer) => void;
  /** The server refused an edit for good (CL9). */
  readonly refused: (edit: Edit, reason: string) => void;
}

/**
 * Sends the pending edits: those of one task in their order, one at a time, and those of different tasks side by
 * side (CL8).
 */
export class Sender {
  readonly #ports: SenderPorts;
  readonly #underWay = new Set<string>();
  readonly #failures = new Map<string, number>();
  /** Edits that wait before their next try. */
  readonly #waiting = new Map<string, Cancel>();
  /** The server as a whole is left alone. */
  #cancelPause: Cancel | null = null;
  #pauses = 0;
  #stopped = false;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (this.#stopped || this.#cancelPause !== null) return;
    for (const edit of firstOfEachTask(this.#ports.replica.queue)) {
      if (this.#underWay.size >= SIDE_BY_SIDE) return;
      if (!this.#underWay.has(edit.key) && !this.#waiting.has(edit.key)) void this.#send(edit);
    }
  }

  /** Tries everything at once: there is reason to think that the server can be reached. */
  kick(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#failures.clear();
    this.#endPause();
    this.pump();
  }

  /** Ends; an answer that is still on its way is not noted, and its edit is tried again under its key next time. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#waiting.values()) cancel();
    this.#cancelPause?.();
  }

  async #send(edit: Edit): Promise<void> {
    this.#underWay.add(edit.key);
    const reply = await this.#write(edit);
    this.#underWay.delete(edit.key);
    if (this.#stopped) return;
    if (reply.ok) {
      this.#failures.delete(edit.key);
      this.#endPause();
      this.#ports.answered(edit, reply.value);
    } else if (isTransient(reply.problem.status)) {
      this.#retryLater(edit, reply);
    } else {
      this.#failures.delete(edit.key);
      this.#ports.refused(edit, reply.problem.detail);
    }
    this.pump();
  }

  async #write(edit: Edit): ReturnType<Remote["write"]> {
    const { remote } = this.#ports;
    const reply = await remote.write(edit);
    const exists = !reply.ok && reply.problem.code === "task_exists" && edit.change.kind === "create";
    if (!exists) return reply;
    // The id is ours alone, so an earlier try made the task (CL10); its place tells when the screen may let go.
    const found = await remote.find(edit.taskId);
    return found.ok || isTransient(found.problem.status) ? found : reply;
  }

  #retryLater(edit: Edit, { problem, retryAfterMs }: Refusal): void {
    const failures = (this.#failures.get(edit.key) ?? 0) + 1;
    this.#failures.set(edit.key, failures);
    if (concernsAll(problem.status)) {
      // Edits that were sent side by side fail together, which is one failure.
      if (this.#cancelPause === null) this.#pause(retryAfterMs ?? 0);
      return;
    }
    const ms = Math.max(retryAfterMs ?? 0, backoffMs(failures, this.#ports.random()));
    const cancel = this.#ports.clock.setTimer(() => {
      this.#waiting.delete(edit.key);
      this.pump();
    }, ms);
    this.#waiting.set(edit.key, cancel);
  }

  #pause(atLeastMs: number): void {
    this.#pauses += 1;
    const ms = Math.max(atLeastMs, backoffMs(this.#pauses, this.#ports.random()));
    this.#cancelPause = this.#ports.clock.setTimer(() => {
      this.#cancelPause = null;
      this.pump();
    }, ms);
  }

  #endPause(): void {
    this.#pauses = 0;
    this.#cancelPause?.();
    this.#cancelPause = null;
  }
}

/** Whether a refusal may be another one next time (CL9); 0 is no answer. */
function isTransient(status: number): boolean {
  return status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
}

/** Whether a refusal says something of the server or of the session, and not of the one edit. */
function concernsAll(status: number): boolean {
  return status === 0 || status === 401 || status === 429 || status === 503;
}
