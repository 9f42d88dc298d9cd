import { describe, expect, it } from "vitest";
import { anEvent, aTask, USER } from "@/lib/testing/builders";
import { FakeClock } from "@/lib/testing/fake-clock";
import { Notices, type Notice } from "./notices";

function setUp() {
  const clock = new FakeClock();
  const told: Notice[] = [];
  const notices = new Notices(clock, USER, (notice) => told.push(notice));
  return { clock, told, notices };
}

describe("notices", () => {
  it("merge a burst of one kind by one hand, and name each task once [CL13]", async () => {
    const { clock, told, notices } = setUp();
    for (const id of ["a", "b", "a"]) notices.add(anEvent(aTask({ id, title: `Task ${id}` })));
    await clock.advance(399);
    expect(told).toEqual([]);
    await clock.advance(1);
    const who = "Firefox on Linux";
    expect(told).toEqual([{ kind: "updated", taskIds: ["a", "b"], title: "Task a", count: 2, who }]);
  });

  it("keep kinds and hands apart, and name other people by their name [CL13]", async () => {
    const { clock, told, notices } = setUp();
    const grace = { user_id: "user-2", name: "Grace", device_id: "d", device: "Safari on iPhone" };
    notices.add(anEvent(aTask(), { event: "task.created" }));
    notices.add(anEvent(aTask(), { event: "task.completed", actor: grace }));
    notices.add(anEvent(aTask(), { event: "task.deleted", actor: grace }));
    await clock.advance(400);
    expect(told.map(({ kind, who }) => [kind, who])).toEqual([
      ["created", "Firefox on Linux"],
      ["completed", "Grace"],
      ["deleted", "Grace"],
    ]);
  });

  it("end with the engine", async () => {
    const { clock, told, notices } = setUp();
    notices.add(anEvent(aTask()));
    notices.stop();
    await clock.advance(1000);
    expect(told).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});
