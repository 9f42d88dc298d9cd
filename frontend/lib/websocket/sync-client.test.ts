import { describe, expect, it } from "vitest";
import { memoryStorage } from "@/lib/sync/edit-storage";
import { anEvent, aRefusal, aTask, EPOCH } from "@/lib/testing/builders";
import { FakeTab, FakeWorld, twoTabs } from "@/lib/testing/fake-network";

describe("two tabs", () => {
  it("show each other's changes at once, and toasts only for the other's [CL13]", async () => {
    const { clock, one, two } = await twoTabs();
    const id = one.client.createTask({ title: "Buy groceries" });
    expect(one.titles).toEqual(["Buy groceries"]);
    await clock.advance(20);
    expect(two.titles).toEqual(["Buy groceries"]);
    two.client.patchTask(id, { completed: true });
    await clock.advance(500);
    expect(one.now.tasks[0]).toMatchObject({ completed: true, pending: false });
    expect(one.notices).toMatchObject([{ kind: "completed", who: "two", count: 1 }]);
    expect(two.notices).toMatchObject([{ kind: "created", who: "one", title: "Buy groceries" }]);
  });

  it("merge a burst into one notice and few redraws [CL13]", async () => {
    const { clock, one, two } = await twoTabs();
    const before = two.shown.length;
    for (let index = 0; index < 50; index += 1) one.client.createTask({ title: `Task ${index}` });
    await clock.advance(1000);
    expect(two.now.tasks).toHaveLength(50);
    expect(two.notices).toMatchObject([{ kind: "created", count: 50 }]);
    expect(two.shown.length - before).toBeLessThan(20);
  });

  it("bring back what either deleted [WR3]", async () => {
    const { clock, one, two } = await twoTabs();
    const id = one.client.createTask({ title: "Buy groceries" });
    await clock.advance(20);
    one.client.deleteTask(id);
    expect(one.titles).toEqual([]);
    await clock.advance(20);
    expect(two.titles).toEqual([]);
    two.client.restoreTask(id);
    expect(two.titles).toEqual(["Buy groceries"]);
    await clock.advance(20);
    expect(one.titles).toEqual(["Buy groceries"]);
    one.client.deleteTask(id);
    one.client.restoreTask(id);
    expect(one.titles).toEqual(["Buy groceries"]);
    await clock.advance(100);
    expect(one.now.tasks[0]?.pending).toBe(false);
  });
});

describe("an edit", () => {
  it("shows at once and never flickers, whether its answer or its event comes first [CL1 CL7 F2]", async () => {
    for (const latencyMs of [0, 5, 400]) {
      const { clock, one } = await twoTabs();
      const id = one.client.createTask({ title: "old" });
      await clock.advance(2000);
      one.latencyMs = latencyMs;
      const before = one.shown.length;
      one.client.patchTask(id, { title: "new" });
      await clock.advance(5000);
      const titles = one.shown.slice(before).map((shown) => shown.tasks[0]?.title);
      expect(new Set(titles)).toEqual(new Set(["new"]));
      expect(one.now.tasks[0]?.pending).toBe(false);
    }
  });

  it("settles within a second and a bit when its event is lost [CL7 F21]", async () => {
    const { clock, one } = await twoTabs();
    one.loses = () => true;
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(900);
    expect(one.now.tasks[0]?.pending).toBe(true);
    await clock.advance(200);
    expect(one.now.tasks[0]?.pending).toBe(false);
  });

  it("settles without any socket [CL7 F12]", async () => {
    const { clock, one } = await twoTabs();
    one.client.setPush(false);
    expect(one.now.connection.phase).toBe("idle");
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(10);
    expect(one.now).toMatchObject({ unsent: 0, tasks: [{ pending: false }] });
  });

  it("made without a network stays on the screen, and is made once when it is back [CL8 F6 F13]", async () => {
    const { clock, server, one, two } = await twoTabs();
    one.offline = true;
    one.sockets.last.close(1006);
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(90_000);
    expect(one.now).toMatchObject({ unsent: 1, tasks: [{ title: "Buy groceries", pending: true }] });
    one.offline = false;
    one.client.wake();
    await clock.advance(10);
    expect(one.now).toMatchObject({ unsent: 0, tasks: [{ pending: false }] });
    expect(server.tasks().size).toBe(1);
    expect(two.titles).toEqual(["Buy groceries"]);
  });

  it("that is refused is set aside with its reason, and the screen shows what the server has [CL9 F3]", async () => {
    const { clock, one, two } = await twoTabs();
    const id = one.client.createTask({ title: "Buy groceries" });
    await clock.advance(20);
    two.loses = () => true;
    one.client.deleteTask(id);
    await clock.advance(20);
    two.client.patchTask(id, { title: "Buy bread" });
    two.client.createTask({ title: "Something else" });
    await clock.advance(2000);
    expect(two.now.setAside).toEqual([
      {
        key: expect.any(String) as string,
        taskId: id,
        title: "Buy groceries",
        reason: "because task_deleted",
      },
    ]);
    expect(two.titles).toEqual(["Something else"]);
    two.client.dismiss(two.now.setAside[0]?.key ?? "");
    expect(two.now.setAside).toEqual([]);
  });

  it("on a task whose creation was refused goes with it [CL9]", async () => {
    const { clock, one } = await twoTabs();
    one.faults = [aRefusal(422, "invalid_request")];
    const id = one.client.createTask({ title: "Buy groceries" });
    one.client.patchTask(id, { title: "Buy bread" });
    await clock.advance(1000);
    expect(one.now).toMatchObject({ tasks: [], unsent: 0, setAside: [{ title: "Buy groceries" }] });
  });

  it("survives the end of a session: it is there again for whom it belongs to [F14]", async () => {
    const world = new FakeWorld();
    const storage = memoryStorage();
    const before = await world.tab("one", storage);
    before.offline = true;
    before.client.createTask({ title: "Buy groceries" });
    await world.clock.advance(10);
    before.client.stop();
    const after = await world.tab("again", storage);
    await world.clock.advance(10);
    expect(after.now).toMatchObject({ unsent: 0, tasks: [{ title: "Buy groceries" }] });
    expect(after.notices).toEqual([]);
  });
});

describe("what was missed", () => {
  it("is there after a reconnect [CL4 F11]", async () => {
    const { clock, one, two } = await twoTabs();
    two.offline = true;
    two.sockets.last.close(1006);
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(500);
    two.offline = false;
    await clock.advance(1000);
    expect(two.now.connection.phase).toBe("live");
    expect(two.titles).toEqual(["Buy groceries"]);
  });

  it("is healed by the heads when the last event was lost [CL5 F21]", async () => {
    const { clock, one, two } = await twoTabs();
    two.loses = () => true;
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(20_000);
    expect(two.titles).toEqual([]);
    await clock.advance(10_000 + 150);
    expect(two.titles).toEqual(["Buy groceries"]);
  });

  it("is not pulled when the heartbeat only overtook the events, so that they can tell who did it [CL5 CL13]", async () => {
    const { clock, server, one, two } = await twoTabs();
    const before = two.requests;
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(0);
    expect(server.tasks().size).toBe(1);
    two.beat();
    await clock.advance(1000);
    expect(two.requests).toBe(before);
    expect(two.notices).toMatchObject([{ kind: "created", who: "one" }]);
  });

  it("is pulled 150 ms after a gap [CL2]", async () => {
    const { clock, one, two } = await twoTabs();
    two.loses = (event) => event.seq === 1;
    one.client.createTask({ title: "first" });
    one.client.createTask({ title: "second" });
    await clock.advance(149);
    expect(two.titles).toEqual([]);
    await clock.advance(5);
    expect(two.titles).toEqual(["first", "second"]);
  });

  it("is not pulled when the missing event comes in time [CL2]", async () => {
    const { clock, one } = await twoTabs();
    const [first, second] = [1, 2].map((seq) => anEvent(aTask({ id: `task-${seq}`, seq }), { epoch: EPOCH }));
    if (first === undefined || second === undefined) throw new Error("there are two");
    const before = one.requests;
    one.client.receive(second);
    await clock.advance(100);
    one.client.receive(first);
    await clock.advance(1000);
    expect(one.requests).toBe(before);
    expect(one.now.tasks).toHaveLength(2);
  });

  it("is pulled at once when the page wakes, before any socket is back [CL11 F10]", async () => {
    const { clock, one, two } = await twoTabs();
    two.loses = () => true;
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(100);
    two.client.wake();
    await clock.advance(1);
    expect(two.titles).toEqual(["Buy groceries"]);
    // The socket is dead and says nothing: it is replaced three seconds later.
    await clock.advance(3000);
    expect(two.sockets.all).toHaveLength(2);
  });

  it("includes that the database was restored [CL5 F22]", async () => {
    const { clock, server, one } = await twoTabs();
    one.client.createTask({ title: "kept" });
    await clock.advance(50);
    const restore = server.backup();
    one.client.createTask({ title: "lost by the backup" });
    await clock.advance(50);
    expect(one.titles).toEqual(["kept", "lost by the backup"]);
    restore();
    server.rotateEpochs();
    await clock.advance(30_000);
    expect(one.titles).toEqual(["kept"]);
  });
});

describe("the state of the connection", () => {
  it("rests after ten tries, and a person brings it back [CL11]", async () => {
    const { clock, one } = await twoTabs();
    one.offline = true;
    one.sockets.last.close(1006);
    expect(one.now.connection).toMatchObject({ phase: "waiting", attempt: 1, retryAt: clock.wall() + 1000 });
    await clock.advance(3_600_000);
    expect(one.now.connection).toMatchObject({ phase: "resting", reason: "The server cannot be reached." });
    expect(one.sockets.all).toHaveLength(11);
    one.offline = false;
    one.client.retryNow();
    await clock.advance(1);
    expect(one.now.connection).toEqual({ phase: "live", retryAt: null, reason: null, attempt: 0 });
  });

  it("is not live before a pull that began after the socket was opened is through [CL4]", async () => {
    const { clock, one, two } = await twoTabs();
    one.latencyMs = 5000;
    one.sockets.last.close(1006);
    two.client.createTask({ title: "Buy groceries" });
    await clock.advance(4000);
    expect(one.now.connection.phase).toBe("catching up");
    expect(one.titles).toEqual([]);
    await clock.advance(10_000);
    expect(one.now.connection.phase).toBe("live");
    expect(one.titles).toEqual(["Buy groceries"]);
  });

  it("is not live for a pull that began before the socket was opened [CL4]", async () => {
    const { clock, one, two } = await twoTabs();
    one.latencyMs = 5000;
    one.client.retryNow();
    await clock.advance(1);
    one.sockets.last.close(1006);
    await clock.advance(6000);
    two.client.createTask({ title: "Buy groceries" });
    await clock.advance(5000);
    expect(one.now.connection.phase).toBe("catching up");
    await clock.advance(12_000);
    expect(one.now.connection.phase).toBe("live");
    expect(one.titles).toEqual(["Buy groceries"]);
  });

  it("looks for changes now and then when there are too many connections [HS3]", async () => {
    const { clock, one, two } = await twoTabs();
    two.sockets.last.close(4501);
    one.client.createTask({ title: "Buy groceries" });
    await clock.advance(59_000);
    expect(two.titles).toEqual([]);
    await clock.advance(1000);
    expect(two.titles).toEqual(["Buy groceries"]);
    expect(two.now.connection.phase).toBe("stopped");
    expect(two.sockets.all).toHaveLength(1);
  });

  it("asks nothing any more once the session has ended [WS8 F14]", async () => {
    const { clock, one } = await twoTabs();
    one.sockets.last.close(4500);
    expect(one.sessionsEnded).toBe(1);
    const before = one.requests;
    await clock.advance(3_600_000);
    expect(one.requests).toBe(before);
  });

  it("stays loading until a whole pull has come, and tries again by itself", async () => {
    const { clock, server } = new FakeWorld();
    const tab = new FakeTab(clock, server, "one");
    tab.offline = true;
    await tab.start();
    expect(tab.now.status).toBe("loading");
    tab.offline = false;
    await clock.advance(1000);
    expect(tab.now.status).toBe("ready");
  });

  it("is quiet after the end: no timers but the heartbeat's, no requests", async () => {
    const world = new FakeWorld();
    const tab = await world.tab("one");
    tab.client.createTask({ title: "Buy groceries" });
    tab.client.stop();
    const shown = tab.shown.length;
    await world.clock.advance(100_000);
    expect(world.clock.timers).toBe(1);
    expect(tab.shown).toHaveLength(shown);
  });
});
