import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anEdit, anEvent, aTask, EPOCH, SPACE } from "@/lib/testing/builders";
import { ModelServer } from "@/lib/testing/model-server";
import type { Changes, Task, TaskUpdate } from "@/lib/protocol/types";
import { standing } from "./confirmed";
import type { Change, Edit } from "./edits";
import { Replica, type BegunPull } from "./replica";

const SPACES = ["space-1", "space-2"];

/** What may happen between a server and a client, in any order. */
type Happening =
  | { what: "write"; task: number; space: number; change: Change["kind"]; title: string }
  | { what: "deliver"; pick: number; copies: number }
  | { what: "lose"; pick: number }
  | { what: "begin pull" }
  | { what: "next page" }
  | { what: "fail pull" }
  | { what: "heads" }
  | { what: "back up" }
  | { what: "restore" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant("write" as const),
      task: fc.nat(4),
      space: fc.nat(1),
      change: fc.constantFrom<Change["kind"][]>("create", "create", "patch", "patch", "delete", "restore"),
      title: fc.string({ minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant("deliver" as const),
      pick: fc.oneof(fc.constant(0), fc.nat(5)),
      copies: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("lose" as const), pick: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.constant({ what: "begin pull" } as const) },
  { weight: 3, arbitrary: fc.constant({ what: "next page" } as const) },
  { weight: 1, arbitrary: fc.constant({ what: "fail pull" } as const) },
  { weight: 1, arbitrary: fc.constant({ what: "heads" } as const) },
);
const restoring = fc.oneof(
  { weight: 20, arbitrary: happening },
  { weight: 1, arbitrary: fc.constant({ what: "back up" } as const) },
  { weight: 1, arbitrary: fc.constant({ what: "restore" } as const) },
);

/** A server, a client, and what is between them. */
class World {
  readonly server = new ModelServer(SPACES, 3);
  readonly replica = new Replica();
  #onTheWay: TaskUpdate[] = [];
  #pull: { begun: BegunPull; pages: Changes[] } | null = null;
  #backup: (() => void) | null = null;
  #writes = 0;

  constructor() {
    this.server.published = (event) => this.#onTheWay.push(event);
  }

  do(happening: Happening): void {
    switch (happening.what) {
      case "write":
        this.#write(happening);
        break;
      case "deliver": {
        const event = this.#take(happening.pick);
        if (event !== undefined) {
          this.replica.receive(Array.from({ length: happening.copies }, () => structuredClone(event)));
        }
        break;
      }
      case "lose":
        this.#take(happening.pick);
        break;
      case "begin pull":
        this.#pull ??= { begun: this.replica.beginPull(), pages: [] };
        break;
      case "next page":
        this.#nextPage();
        break;
      case "fail pull":
        if (this.#pull !== null) this.replica.abandonPull();
        this.#pull = null;
        break;
      case "heads":
        if (!this.isLevel()) this.do({ what: "begin pull" });
        break;
      case "back up":
        this.#backup = this.server.backup();
        break;
      case "restore":
        this.#backup?.();
        this.server.rotateEpochs();
        break;
    }
  }

  /** The network is well again: a heartbeat comes, and pulls go through. What is still on its way is lost. */
  heal(): void {
    for (let beats = 0; beats < 4; beats += 1) {
      if (this.#pull === null && this.isLevel() && !this.replica.waits) return;
      this.#pull ??= { begun: this.replica.beginPull(), pages: [] };
      while (this.#isPulling()) this.#nextPage();
    }
  }

  isLevel(): boolean {
    return standing(this.replica.confirmed, this.server.heads()) === "level";
  }

  shown(): Map<string, Task> {
    return new Map([...this.replica.confirmed.spaces.values()].flatMap((space) => [...space.tasks]));
  }

  #isPulling(): boolean {
    return this.#pull !== null;
  }

  #write({ task, space, change: kind, title }: Extract<Happening, { what: "write" }>): void {
    this.#writes += 1;
    const taskId = `task-${task}`;
    const change = changes(title)[kind];
    this.server.write(anEdit({ key: `key-${this.#writes}`, taskId, change }), SPACES[space]);
  }

  #take(pick: number): TaskUpdate | undefined {
    return this.#onTheWay.splice(Math.min(pick, this.#onTheWay.length - 1), 1)[0];
  }

  #nextPage(): void {
    if (this.#pull === null) return;
    const { begun, pages } = this.#pull;
    const page = this.server.changes(pages.at(-1)?.cursor ?? begun.asked.feed);
    if (!page.ok) throw new Error("the model always answers");
    const [first, ...rest] = pages;
    const all: [Changes, ...Changes[]] = first === undefined ? [page.value] : [first, ...rest, page.value];
    if (page.value.more) {
      this.#pull = { begun, pages: all };
      return;
    }
    this.#pull = null;
    if (this.replica.finishPull(begun, all).afresh) this.do({ what: "begin pull" });
  }
}

function changes(title: string): Record<Change["kind"], Change> {
  return {
    create: { kind: "create", task: { title } },
    patch: { kind: "patch", patch: { title } },
    delete: { kind: "delete" },
    restore: { kind: "restore", task: null },
  };
}

describe("the law of sync", () => {
  it("events in any order, lost or doubled, with heads and pulls, give the state fetched afresh [CL2 CL3 CL5 CL6]", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
        const world = new World();
        const cursors = new Map<string, number>();
        for (const each of happenings) {
          world.do(each);
          for (const [id, space] of world.replica.confirmed.spaces) {
            // At every moment a space is exactly what the server's was at its cursor, and the cursor never goes back.
            expect(space.tasks).toEqual(world.server.at(id, space.epoch, space.cursor));
            expect(space.cursor).toBeGreaterThanOrEqual(cursors.get(id) ?? 0);
            cursors.set(id, space.cursor);
          }
        }
        world.heal();
        expect(world.shown()).toEqual(world.server.tasks());
        expect(world.isLevel()).toBe(true);
        expect(world.replica.waits).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("holds when the database is restored from a backup in between [CL5 F22]", () => {
    fc.assert(
      fc.property(fc.array(restoring, { maxLength: 60 }), (happenings) => {
        const world = new World();
        for (const each of happenings) world.do(each);
        world.heal();
        expect(world.shown()).toEqual(world.server.tasks());
      }),
      { numRuns: 500 },
    );
  });
});

describe("a restored database", () => {
  it("replaces a client that is ahead of it, also under the old epoch [CL5 F22]", () => {
    const world = new World();
    world.do({ what: "write", task: 1, space: 0, change: "create", title: "kept" });
    world.do({ what: "back up" });
    const restore = world.server.backup();
    world.do({ what: "write", task: 2, space: 0, change: "create", title: "lost by the backup" });
    world.heal();
    expect(world.shown().size).toBe(2);

    restore();
    expect(standing(world.replica.confirmed, world.server.heads())).toBe("astray");
    world.heal();
    expect([...world.shown().values()].map((task) => task.title)).toEqual(["kept"]);
  });

  it("does not touch unsent edits, and lets go of those that it lost the answer to [FD4 CL7 F22]", () => {
    const world = new World();
    world.heal();
    const sent = anEdit({
      key: "sent",
      taskId: "task-8",
      change: { kind: "create", task: { title: "sent" } },
    });
    const unsent: Edit = { ...sent, key: "unsent", taskId: "task-9" };
    const restore = world.server.backup();
    world.replica.edit(sent);
    world.replica.edit(unsent);
    const reply = world.server.write(sent);
    if (reply.ok) world.replica.answered("sent", reply.value);
    restore();
    world.server.rotateEpochs();
    world.heal();
    expect(world.replica.queue).toEqual([unsent]);
  });
});

describe("events", () => {
  const begin = (): Replica => {
    const replica = new Replica();
    const page = { id: SPACE, epoch: EPOCH, head: 4, through: 4, reset: true, tasks: [], deleted: [] };
    replica.finishPull(replica.beginPull(), [{ cursor: "c", more: false, spaces: [page] }]);
    return replica;
  };
  const event = (seq: number) => anEvent(aTask({ seq, id: `task-${seq}` }));

  it("that come next are applied, old ones dropped, ones after a gap held [CL2]", () => {
    const replica = begin();
    expect(replica.receive([event(4)]).news).toEqual([]);
    expect(replica.receive([event(7), event(6)]).news).toEqual([]);
    expect(replica.waits).toBe(true);
    expect(replica.receive([event(5)]).news.map((each) => each.seq)).toEqual([5, 6, 7]);
    expect(replica.waits).toBe(false);
  });

  it("of another epoch wait for a pull [CL2]", () => {
    const replica = begin();
    replica.receive([anEvent(aTask({ seq: 5 }), { epoch: "epoch-2" })]);
    expect(replica.waits).toBe(true);
    expect(replica.confirmed.spaces.get(SPACE)?.cursor).toBe(4);
  });

  it("that a pull overtook are told all the same, once [CL13]", () => {
    const replica = begin();
    replica.receive([event(6)]);
    const begun = replica.beginPull();
    const tasks = [event(5).task, event(6).task];
    const page = { id: SPACE, epoch: EPOCH, head: 6, through: 6, reset: false, tasks, deleted: [] };
    const { news } = replica.finishPull(begun, [{ cursor: "c", more: false, spaces: [page] }]);
    expect(news.map((each) => each.seq)).toEqual([6]);
  });

  it("that came during a pull with a reset are not undone by it [CL6]", () => {
    const replica = begin();
    replica.forgetCursor();
    const begun = replica.beginPull();
    expect(replica.receive([event(5)]).news).toHaveLength(1);
    const page = { id: SPACE, epoch: EPOCH, head: 4, through: 4, reset: true, tasks: [], deleted: [] };
    expect(replica.finishPull(begun, [{ cursor: "c", more: false, spaces: [page] }]).news).toEqual([]);
    expect(replica.confirmed.spaces.get(SPACE)?.cursor).toBe(5);
  });
});

describe("spaces that a pull does not name", () => {
  it("are forgotten [FD6]", () => {
    const replica = new Replica();
    const world = new ModelServer(SPACES);
    const first = world.changes(null);
    if (!first.ok) throw new Error("the model always answers");
    replica.finishPull(replica.beginPull(), [first.value]);
    expect([...replica.confirmed.spaces.keys()]).toEqual(SPACES);
    const spaces = first.value.spaces.slice(0, 1).map((space) => ({ ...space, reset: false }));
    replica.finishPull(replica.beginPull(), [{ ...first.value, spaces }]);
    expect([...replica.confirmed.spaces.keys()]).toEqual(SPACES.slice(0, 1));
  });
});
