import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reply } from "@/lib/api/http";
import { unavailable } from "@/lib/api/outcome";
import { anEdit, aRefusal } from "@/lib/testing/builders";
import { FakeClock } from "@/lib/testing/fake-clock";
import { ModelServer } from "@/lib/testing/model-server";
import type { Answer, Edit } from "./edits";
import { Replica } from "./replica";
import { Sender } from "./sender";

type Write = (edit: Edit) => Reply<Answer> | Promise<Reply<Answer>>;

const NO_ANSWER: Reply<never> = { ok: false, problem: unavailable(), retryAfterMs: null };
const done: Reply<Answer> = { ok: true, value: { space: "space-1", seq: 1 } };
const create = (key: string, taskId: string) =>
  anEdit({ key, taskId, change: { kind: "create", task: { title: key } } });

function setUp(write: Write, find: () => Reply<Answer> = () => aRefusal(404, "task_not_found")) {
  const clock = new FakeClock();
  const replica = new Replica();
  const sent: string[] = [];
  const refused: string[] = [];
  const answered: string[] = [];
  const sender = new Sender({
    clock,
    random: () => 0.5,
    replica,
    remote: {
      changes: () => Promise.resolve(NO_ANSWER),
      write: async (edit) => {
        sent.push(edit.key);
        return write(edit);
      },
      find: () => Promise.resolve(find()),
    },
    answered: (edit, answer) => {
      answered.push(edit.key);
      replica.answered(edit.key, answer);
    },
    refused: (edit, reason) => {
      refused.push(`${edit.key}: ${reason}`);
      replica.drop(new Set([edit.key]));
    },
  });
  const add = (...edits: Edit[]) => {
    for (const edit of edits) replica.edit(edit);
    sender.pump();
  };
  return { clock, replica, sender, sent, refused, answered, add };
}

describe("sending", () => {
  it("keeps the order of a task's edits, one at a time, while other tasks go on [CL8]", async () => {
    const replies = new Map<string, (reply: Reply<Answer>) => void>();
    const { clock, sent, add } = setUp((edit) => new Promise((resolve) => replies.set(edit.key, resolve)));
    add(create("a1", "a"), anEdit({ key: "a2", taskId: "a" }), create("b1", "b"));
    expect(sent).toEqual(["a1", "b1"]);
    replies.get("a1")?.(done);
    await clock.advance(0);
    expect(sent).toEqual(["a1", "b1", "a2"]);
  });

  it.each([
    ["no answer", NO_ANSWER],
    ["401 after a fresh token", aRefusal(401, "unauthenticated")],
    ["408", aRefusal(408, "unavailable")],
    ["429", aRefusal(429, "too_many_tries")],
    ["500", aRefusal(500, "internal")],
    ["503", aRefusal(503, "unavailable")],
    ["507", aRefusal(507, "storage_full")],
  ])("tries again after %s, under the same key [CL8 CL9 F6]", async (_, refusal) => {
    let tries = 0;
    const { clock, sent, answered, add } = setUp(() => ((tries += 1) < 3 ? refusal : done));
    add(create("a1", "a"));
    await clock.advance(999);
    expect(sent).toEqual(["a1"]);
    await clock.advance(1);
    expect(sent).toEqual(["a1", "a1"]);
    await clock.advance(2000);
    expect(sent).toEqual(["a1", "a1", "a1"]);
    expect(answered).toEqual(["a1"]);
    expect(clock.timers).toBe(0);
  });

  it("leaves the server alone for as long as it asks [CL9]", async () => {
    let tries = 0;
    const { clock, sent, add } = setUp(() =>
      (tries += 1) < 2 ? aRefusal(429, "too_many_tries", 7000) : done,
    );
    add(create("a1", "a"));
    await clock.advance(6999);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent).toHaveLength(2);
  });

  it("sets a refused edit aside, which blocks nothing behind it [CL9 F3]", async () => {
    const { clock, sent, refused, add } = setUp((edit) =>
      edit.key === "a1" ? aRefusal(422, "invalid_request") : done,
    );
    add(
      anEdit({ key: "a1", taskId: "a" }),
      anEdit({ key: "a2", taskId: "a" }),
      anEdit({ key: "b1", taskId: "b" }),
    );
    await clock.advance(0);
    expect(refused).toEqual(["a1: because invalid_request"]);
    expect(sent).toEqual(["a1", "b1", "a2"]);
    expect(clock.timers).toBe(0);
  });

  it("lets one task's failing edit not hold up the others [CL8 F3]", async () => {
    const { clock, answered, add } = setUp((edit) =>
      edit.taskId === "a" ? aRefusal(500, "internal") : done,
    );
    const others = Array.from({ length: 20 }, (_, index) => create(`b${index}`, `b${index}`));
    add(create("a1", "a"), ...others);
    await clock.advance(0);
    expect(answered).toHaveLength(20);
  });

  it("takes a create that exists for one that an earlier try made [CL10 F6]", async () => {
    const found: Reply<Answer> = { ok: true, value: { space: "space-1", seq: 9 } };
    const { clock, replica, refused, add } = setUp(
      () => aRefusal(409, "task_exists"),
      () => found,
    );
    add(create("a1", "a"));
    await clock.advance(0);
    expect(refused).toEqual([]);
    expect(replica.queue[0]?.answer).toEqual(found.value);
  });

  it("sets a create aside whose id somebody else's task has [CL10]", async () => {
    const { clock, refused, add } = setUp(() => aRefusal(409, "task_exists"));
    add(create("a1", "a"));
    await clock.advance(0);
    expect(refused).toEqual(["a1: because task_exists"]);
  });

  it("tries everything at once when there is reason to [CL11]", async () => {
    let isDown = true;
    const { clock, sender, sent, add } = setUp(() => (isDown ? NO_ANSWER : done));
    add(create("a1", "a"));
    await clock.advance(20_000);
    const tries = sent.length;
    isDown = false;
    sender.kick();
    expect(sent).toHaveLength(tries + 1);
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it("stops with the engine", async () => {
    const { clock, sender, sent, add } = setUp(() => NO_ANSWER);
    add(create("a1", "a"));
    await clock.advance(0);
    sender.stop();
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it("does every edit exactly once and in its order, whatever the network does [CL8 CL9 CL10 WR4 F6]", async () => {
    const edits = fc.array(
      fc.record({ task: fc.nat(3), faults: fc.array(fc.constantFrom("request", "reply", "500")) }),
      {
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(edits, async (list) => {
        const server = new ModelServer();
        const done: string[] = [];
        server.published = (event) => done.push(event.mutation);
        const faults = new Map(list.map(({ faults }, index) => [`key-${index}`, [...faults]]));
        const { clock, replica, refused, add } = setUp((edit) => {
          const fault = faults.get(edit.key)?.shift();
          if (fault === "request") return NO_ANSWER;
          if (fault === "500") return aRefusal(500, "internal");
          const reply = server.write(edit);
          return fault === "reply" ? NO_ANSWER : reply;
        });
        const seen = new Set<number>();
        const all = list.map(({ task }, index) => {
          const isNew = !seen.has(task);
          seen.add(task);
          const key = `key-${index}`;
          return isNew ? create(key, `task-${task}`) : anEdit({ key, taskId: `task-${task}` });
        });
        add(...all);
        await clock.advance(3_600_000);
        expect(refused).toEqual([]);
        expect(replica.queue.every((edit) => edit.answer !== null)).toBe(true);
        for (const task of seen) {
          const mine = all.filter((edit) => edit.taskId === `task-${task}`).map((edit) => edit.key);
          expect(done.filter((key) => mine.includes(key))).toEqual(mine);
        }
      }),
      { numRuns: 50 },
    );
  });
});
