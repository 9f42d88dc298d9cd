import type { Reply } from "@/lib/api/http";
import type { Changes, Heads, SpaceChanges, Task, TaskUpdate } from "@/lib/protocol/types";
import { applyEdit, type Answer, type Edit } from "@/lib/sync/edits";
import { anEvent, aRefusal, SPACE } from "./builders";

interface Row {
  readonly seq: number;
  /** As it is, or as it last was. */
  readonly task: Task;
  readonly deleted: boolean;
}

interface ModelSpace {
  readonly epoch: string;
  readonly head: number;
  readonly rows: ReadonlyMap<string, Row>;
}

type Cursor = Record<string, { epoch: string; seq: number }>;

/**
 * The rules of the server (SP, WR, FD, EV) in the fewest words: what the tests hold the client against.
 *
 * Spaces are never changed in place, so that a backup is a copy of references.
 */
export class ModelServer {
  #spaces: ReadonlyMap<string, ModelSpace>;
  /** The live tasks of each space and epoch after each change. */
  readonly #history = new Map<string, ReadonlyMap<string, Task>>();
  readonly #answers = new Map<string, Reply<Answer>>();
  readonly #pageSize: number;
  #epochs = 0;
  /** Hears of each change, in order. */
  published: (event: TaskUpdate) => void = () => undefined;

  constructor(spaces: readonly string[] = [SPACE], pageSize = 1000) {
    this.#pageSize = pageSize;
    this.#spaces = new Map(spaces.map((id) => [id, { epoch: this.#newEpoch(), head: 0, rows: new Map() }]));
    for (const id of spaces) this.#remember(id);
  }

  /** Does an edit at most once under its key (WR4). */
  write(edit: Edit, space = SPACE, device = "device-1"): Reply<Answer> {
    const stored = this.#answers.get(edit.key);
    if (stored !== undefined) return stored;
    const reply = this.#do(edit, space, device);
    this.#answers.set(edit.key, reply);
    return reply;
  }

  /** Where a task stands. */
  find(id: string): Reply<Answer> {
    const found = this.#find(id);
    if (found === undefined || found.row.deleted) return aRefusal(404, "task_not_found");
    return { ok: true, value: { space: found.space, seq: found.row.seq } };
  }

  /** A page of the change feed (FD1–FD6). */
  changes(cursor: string | null): Reply<Changes> {
    const before = cursor === null ? {} : (JSON.parse(cursor) as Cursor);
    const after: Cursor = {};
    const pages: SpaceChanges[] = [];
    let room = this.#pageSize;
    let more = false;
    for (const [id, space] of this.#spaces) {
      const stood = before[id];
      if (more) {
        if (stood !== undefined) after[id] = stood;
        continue;
      }
      const reset = stood?.epoch !== space.epoch || stood.seq > space.head;
      const since = reset ? 0 : stood.seq;
      const rows = [...space.rows.values()].filter((row) => row.seq > since).sort((a, b) => a.seq - b.seq);
      const page = rows.slice(0, room);
      room -= page.length;
      more = page.length < rows.length;
      const through = more ? (page.at(-1)?.seq ?? since) : space.head;
      after[id] = { epoch: space.epoch, seq: through };
      pages.push({
        id,
        epoch: space.epoch,
        head: space.head,
        through,
        reset,
        tasks: page.filter((row) => !row.deleted).map((row) => row.task),
        deleted: page.filter((row) => row.deleted).map((row) => row.task.id),
      });
    }
    return { ok: true, value: { cursor: JSON.stringify(after), more, spaces: pages } };
  }

  heads(): Heads {
    return Object.fromEntries([...this.#spaces].map(([id, { epoch, head }]) => [id, { epoch, head }]));
  }

  /** The live tasks of a space as they were after a change. */
  at(space: string, epoch: string, seq: number): ReadonlyMap<string, Task> | undefined {
    return this.#history.get(`${space} ${epoch} ${seq}`);
  }

  /** The live tasks of all spaces. */
  tasks(): Map<string, Task> {
    return new Map([...this.#spaces.values()].flatMap((space) => [...live(space)]));
  }

  /** Copies the database; the answers to keys are in it as well. */
  backup(): () => void {
    const spaces = this.#spaces;
    const answers = [...this.#answers];
    return () => {
      this.#spaces = spaces;
      this.#answers.clear();
      for (const [key, answer] of answers) this.#answers.set(key, answer);
    };
  }

  /** What is to be done after a restore (SP5). */
  rotateEpochs(): void {
    this.#spaces = new Map(
      [...this.#spaces].map(([id, space]) => [id, { ...space, epoch: this.#newEpoch() }]),
    );
    for (const id of this.#spaces.keys()) this.#remember(id);
  }

  #do(edit: Edit, space: string, device: string): Reply<Answer> {
    const found = this.#find(edit.taskId);
    const { kind } = edit.change;
    if (kind === "create") {
      return found === undefined
        ? this.#commit(edit, space, undefined, device)
        : aRefusal(409, "task_exists");
    }
    if (found === undefined) return aRefusal(404, "task_not_found");
    const { row } = found;
    if (kind === "patch" && row.deleted) return aRefusal(410, "task_deleted");
    const nothing = row.deleted === (kind === "delete");
    if (kind !== "patch" && nothing) return { ok: true, value: { space: found.space, seq: row.seq } };
    return this.#commit(edit, found.space, row.task, device);
  }

  #commit(edit: Edit, id: string, before: Task | undefined, device: string): Reply<Answer> {
    const space = this.#spaces.get(id);
    if (space === undefined) return aRefusal(404, "space_not_found");
    const seq = space.head + 1;
    const deleted = edit.change.kind === "delete";
    const after = deleted ? before : applyEdit(before, edit);
    if (after === undefined) throw new Error("the model made nothing of an edit");
    const task = { ...after, space: id, seq };
    const rows = new Map(space.rows).set(task.id, { seq, task, deleted });
    this.#spaces = new Map(this.#spaces).set(id, { ...space, head: seq, rows });
    this.#remember(id);
    const event = eventType(edit, before);
    const { epoch } = space;
    const actor = { user_id: edit.userId, name: "Ada", device_id: device, device };
    this.published(anEvent(task, { event, epoch, mutation: edit.key, actor }));
    return { ok: true, value: { space: id, seq } };
  }

  #find(id: string): { space: string; row: Row } | undefined {
    for (const [space, { rows }] of this.#spaces) {
      const row = rows.get(id);
      if (row !== undefined) return { space, row };
    }
    return undefined;
  }

  #remember(id: string): void {
    const space = this.#spaces.get(id);
    if (space !== undefined) this.#history.set(`${id} ${space.epoch} ${space.head}`, live(space));
  }

  #newEpoch(): string {
    this.#epochs += 1;
    return `epoch-${this.#epochs}`;
  }
}

function live(space: ModelSpace): Map<string, Task> {
  const rows = [...space.rows].filter(([, row]) => !row.deleted);
  return new Map(rows.map(([id, row]) => [id, row.task]));
}

function eventType(edit: Edit, before: Task | undefined): TaskUpdate["event"] {
  const { change } = edit;
  switch (change.kind) {
    case "create":
    case "restore":
      return "task.created";
    case "delete":
      return "task.deleted";
    case "patch":
      return change.patch.completed === true && before?.completed === false
        ? "task.completed"
        : "task.updated";
  }
}
