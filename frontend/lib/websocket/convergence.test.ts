import fc from "fast-check";
import { expect, it } from "vitest";
import { anyActs, calm, perform, type Stage } from "@/lib/testing/acts";
import { twoTabs } from "@/lib/testing/fake-network";

it("two tabs on any network end with the server's state, every edit done once or set aside [CL3 CL8 CL9]", async () => {
  await fc.assert(
    fc.asyncProperty(anyActs(2, 5000), fc.nat(300), async (acts, latencyMs) => {
      const { clock, server, one, two } = await twoTabs();
      one.latencyMs = latencyMs;
      const stage: Stage = { tabs: [one, two], made: [] };
      for (const act of acts) {
        perform(act, stage);
        if (act.act === "wait") await clock.advance(act.ms);
      }
      calm(stage);
      await clock.advance(180_000);
      for (const tab of [one, two]) {
        const settled = [...server.tasks()].map(([id, task]) => [id, { ...task, pending: false }] as const);
        expect(tab.tasks).toEqual(new Map(settled));
        expect(tab.now).toMatchObject({ status: "ready", unsent: 0, connection: { phase: "live" } });
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);
