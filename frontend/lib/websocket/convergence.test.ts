import fc from "fast-check";
import { expect, it } from "vitest";
import { aRefusal } from "@/lib/testing/builders";
import { twoTabs, type FakeTab, type Fault } from "@/lib/testing/fake-network";

type Act =
  | { act: "create" | "patch" | "complete" | "delete" | "restore"; tab: number; task: number }
  | { act: "lose events" | "offline" | "online" | "drop socket" | "wake"; tab: number }
  | { act: "faults"; tab: number; faults: Fault[] }
  | { act: "wait"; ms: number };

const tab = fc.nat(1);
const fault: fc.Arbitrary<Fault> = fc.constantFrom<Fault[]>(
  "request lost",
  "reply lost",
  aRefusal(500, "internal"),
  aRefusal(429, "too_many_tries", 3000),
  aRefusal(401, "unauthenticated"),
);
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constantFrom("create", "create", "patch", "complete", "delete", "restore"),
      tab,
      task: fc.nat(5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constantFrom("lose events", "offline", "online", "drop socket", "wake"),
      tab,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant("faults"), tab, faults: fc.array(fault, { maxLength: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constant("wait"), ms: fc.nat(5000) }) },
);

function perform(act: Act, tabs: readonly [FakeTab, FakeTab], made: string[]): void {
  if (act.act === "wait") return;
  const tab = tabs[act.tab] ?? tabs[0];
  const id = "task" in act ? (made[act.task % Math.max(made.length, 1)] ?? "none") : "none";
  switch (act.act) {
    case "create":
      made.push(tab.client.createTask({ title: `Task ${made.length}` }));
      break;
    case "patch":
      tab.client.patchTask(id, { title: `${tab.name} ${tab.shown.length}` });
      break;
    case "complete":
      tab.client.patchTask(id, { completed: true });
      break;
    case "delete":
      tab.client.deleteTask(id);
      break;
    case "restore":
      if (made.length > 0) tab.client.restoreTask(id);
      break;
    case "lose events":
      tab.loses = () => tab.shown.length % 2 === 0;
      break;
    case "offline":
      tab.offline = true;
      break;
    case "online":
      tab.offline = false;
      break;
    case "drop socket":
      tab.sockets.last.close(1006);
      break;
    case "wake":
      tab.client.wake();
      break;
    case "faults":
      tab.faults.push(...act.faults);
      break;
  }
}

it("two tabs on any network end with the server's state, every edit done once or set aside [CL3 CL8 CL9]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyAct, { maxLength: 40 }), fc.nat(300), async (acts, latencyMs) => {
      const { clock, server, one, two } = await twoTabs();
      one.latencyMs = latencyMs;
      const made: string[] = [];
      for (const act of acts) {
        perform(act, [one, two], made);
        if (act.act === "wait") await clock.advance(act.ms);
      }
      for (const tab of [one, two]) {
        tab.offline = false;
        tab.faults = [];
        tab.loses = () => false;
        tab.client.wake();
      }
      await clock.advance(120_000);
      for (const tab of [one, two]) {
        const settled = [...server.tasks()].map(([id, task]) => [id, { ...task, pending: false }] as const);
        expect(tab.tasks).toEqual(new Map(settled));
        expect(tab.now).toMatchObject({ status: "ready", unsent: 0, connection: { phase: "live" } });
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);
