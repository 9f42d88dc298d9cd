import { describe, expect, it } from "vitest";
import type { Reply } from "@/lib/api/http";
import { unavailable } from "@/lib/api/outcome";
import type { Changes } from "@/lib/protocol/types";
import { anEdit, aRefusal } from "@/lib/testing/builders";
import { FakeClock } from "@/lib/testing/fake-clock";
import { ModelServer } from "@/lib/testing/model-server";
import { Puller } from "./puller";
import { Replica } from "./replica";

const NO_ANSWER: Reply<never> = { ok: false, problem: unavailable(), retryAfterMs: null };

function setUp(pageSize = 1000) {
  const clock = new FakeClock();
  const server = new ModelServer(["space-1"], pageSize);
  const replica = new Replica();
  const asked: (string | null)[] = [];
  let pulls = 0;
  let faults: Reply<never>[] = [];
  const remote = {
    changes: async (cursor: string | null): Promise<Reply<Changes>> => {
      asked.push(cursor);
      const reply = faults.shift() ?? server.changes(cursor);
      return Promise.resolve(reply);
    },
    write: () => Promise.resolve(NO_ANSWER),
    find: () => Promise.resolve(NO_ANSWER),
  };
  const puller = new Puller({ clock, random: () => 0.5, remote, replica, pulled: () => (pulls += 1) });
  const add = (count: number) => {
    for (let index = 0; index < count; index += 1) {
      const taskId = `task-${asked.length}-${index}`;
      server.write(anEdit({ key: taskId, taskId, change: { kind: "create", task: { title: taskId } } }));
    }
  };
  const fail = (...replies: Reply<never>[]) => (faults = replies);
  return { clock, server, replica, asked, puller, add, fail, pulls: () => pulls };
}

describe("pulling", () => {
  it("reads all pages and applies them together [FD2]", async () => {
    const { clock, replica, asked, puller, add, pulls } = setUp(2);
    add(5);
    puller.request();
    await clock.advance(0);
    expect(asked).toHaveLength(3);
    expect(pulls()).toBe(1);
    expect(replica.confirmed.spaces.get("space-1")?.tasks.size).toBe(5);
  });

  it("follows one that is under way with one more, and with no more than that [CL4]", async () => {
    const { clock, puller, pulls } = setUp();
    puller.request();
    puller.request();
    puller.request();
    await clock.advance(0);
    expect(pulls()).toBe(2);
  });

  it("starts without a cursor when the server cannot read it [FD5]", async () => {
    const { clock, asked, puller, fail, pulls } = setUp();
    puller.request();
    await clock.advance(0);
    fail(aRefusal(400, "invalid_cursor"));
    puller.request();
    await clock.advance(0);
    expect(asked).toEqual([null, asked[1], null]);
    expect(pulls()).toBe(2);
  });

  it("throws a pull away whose second page does not come, and tries it whole again [FD2]", async () => {
    const { clock, replica, puller, add, server, fail } = setUp(2);
    add(3);
    const first = server.changes(null);
    expect(first.ok && first.value.more).toBe(true);
    fail(NO_ANSWER);
    puller.request();
    await clock.advance(0);
    expect(replica.loaded).toBe(false);
    await clock.advance(1000);
    expect(replica.confirmed.spaces.get("space-1")?.tasks.size).toBe(3);
  });

  it("waits as reconnecting does, ten times, then rests until it is asked [CL11]", async () => {
    const { clock, asked, puller, fail } = setUp();
    fail(...Array.from({ length: 100 }, () => NO_ANSWER));
    puller.request();
    puller.request();
    await clock.advance(3_600_000);
    expect(asked).toHaveLength(11);
    expect(clock.timers).toBe(0);
    puller.kick();
    await clock.advance(0);
    expect(asked).toHaveLength(12);
  });

  it("honours Retry-After, and a kick does not wait [CL9 CL11]", async () => {
    const { clock, asked, puller, fail } = setUp();
    fail(aRefusal(429, "too_many_tries", 9000));
    puller.request();
    await clock.advance(8999);
    puller.request();
    expect(asked).toHaveLength(1);
    puller.kick();
    expect(asked).toHaveLength(2);
  });

  it("ends with the engine", async () => {
    const { clock, puller, pulls } = setUp();
    puller.request();
    puller.stop();
    await clock.advance(60_000);
    expect(pulls()).toBe(0);
  });
});
