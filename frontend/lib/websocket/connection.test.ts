import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aRefusal } from "@/lib/testing/builders";
import { FakeClock } from "@/lib/testing/fake-clock";
import { FakeSockets } from "@/lib/testing/fake-sockets";
import { FakeTokens } from "@/lib/testing/fake-tokens";
import type { ServerMessage } from "@/lib/protocol/types";
import { Connection } from "./connection";

async function setUp() {
  const clock = new FakeClock();
  const sockets = new FakeSockets();
  const tokens = new FakeTokens(clock);
  const phases: string[] = [];
  const messages: ServerMessage[] = [];
  let pulls = 0;
  let ended = 0;
  const connection = new Connection({
    clock,
    random: () => 0.5,
    tokens,
    openSocket: sockets.open,
    message: (message) => messages.push(message),
    pull: () => (pulls += 1),
    sessionEnded: () => (ended += 1),
    changed: (state) => phases.push(state.phase),
  });
  connection.dispatch({ type: "start" });
  await clock.advance(0);
  const phase = () => phases.at(-1);
  return {
    clock,
    sockets,
    tokens,
    connection,
    phases,
    phase,
    messages,
    pulls: () => pulls,
    ended: () => ended,
  };
}

async function live() {
  const world = await setUp();
  world.sockets.last.hello();
  return world;
}

describe("a connection", () => {
  it("asks for a token, opens, and pulls when the server has said hello [CL4]", async () => {
    const { sockets, phases, pulls } = await setUp();
    expect(phases).toEqual(["authorizing", "opening"]);
    expect(pulls()).toBe(0);
    sockets.last.hello();
    expect(phases.at(-1)).toBe("live");
    expect(pulls()).toBe(1);
    expect(sockets.last.token).toBe("token-1");
  });

  it("gives a handshake up that says nothing [CL12]", async () => {
    const { clock, sockets, phase } = await setUp();
    await clock.advance(10_000);
    expect(phase()).toBe("waiting");
    expect(sockets.last.closed).toBe(true);
  });

  it("takes a fresh token after a failed handshake [CL15]", async () => {
    const { clock, sockets } = await setUp();
    sockets.last.close(1006);
    await clock.advance(1000);
    expect(sockets.all.map((socket) => socket.token)).toEqual(["token-1", "token-2"]);
  });

  it("ends the session once, and asks nothing more, when no token is to be had [CL15 F14]", async () => {
    const { clock, sockets, tokens, phase, ended } = await setUp();
    tokens.refusal = aRefusal(401, "session_ended");
    sockets.last.close(1006);
    await clock.advance(3_600_000);
    expect(phase()).toBe("stopped");
    expect(ended()).toBe(1);
    expect(sockets.all).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it("replaces a socket that died without a word, by silence [CL12 F10]", async () => {
    const { clock, sockets } = await live();
    await clock.advance(59_999);
    expect(sockets.all).toHaveLength(1);
    await clock.advance(1);
    expect(sockets.all).toHaveLength(2);
    expect(sockets.all[0]?.closed).toBe(true);
  });

  it("keeps a socket on which anything comes, known or not [CL12 WS11]", async () => {
    const { clock, sockets, phase, messages } = await live();
    for (let beat = 0; beat < 10; beat += 1) {
      await clock.advance(50_000);
      sockets.last.say({ type: "presence" } as unknown as ServerMessage);
    }
    expect(sockets.all).toHaveLength(1);
    expect(phase()).toBe("live");
    expect(messages.map((message) => message.type)).toEqual(["hello"]);
  });

  it("asks after waking, and replaces a socket that does not answer in 3 s [CL12 F10]", async () => {
    const { clock, sockets, connection } = await live();
    connection.dispatch({ type: "wake" });
    expect(sockets.last.sent).toEqual([{ type: "ping" }]);
    await clock.advance(2999);
    sockets.last.say({ type: "pong" });
    await clock.advance(10_000);
    expect(sockets.all).toHaveLength(1);

    connection.dispatch({ type: "wake" });
    await clock.advance(3000);
    expect(sockets.all).toHaveLength(2);
  });

  it("hears nothing of a socket that it has given up [CL12]", async () => {
    const { clock, sockets, messages, phase } = await live();
    const dead = sockets.last;
    await clock.advance(60_000);
    sockets.last.hello();
    dead.say({ type: "pong" });
    dead.close(4500);
    expect(messages.map((message) => message.type)).toEqual(["hello", "hello"]);
    expect(phase()).toBe("live");
  });

  it("renews its token in-band before it ends, again and again [WS4]", async () => {
    const { clock, sockets } = await live();
    const beats = 6 * 60 * 2;
    for (let beat = 0; beat < beats; beat += 1) {
      await clock.advance(30_000);
      sockets.last.say({ type: "ping", timestamp: null });
    }
    expect(sockets.all).toHaveLength(1);
    expect(sockets.last.sent).toHaveLength(Math.floor(beats / 2 / 14));
    expect(sockets.last.sent[1]).toEqual({ type: "token", token: "token-3" });
  });

  it("goes on trying to renew while the server cannot be reached [WS4]", async () => {
    const { clock, sockets, tokens } = await live();
    tokens.refusal = aRefusal(503, "unavailable");
    for (let half = 0; half < 29; half += 1) {
      await clock.advance(30_000);
      sockets.last.say({ type: "ping", timestamp: null });
    }
    expect(sockets.last.sent).toEqual([]);
    tokens.refusal = null;
    await clock.advance(30_000);
    expect(sockets.last.sent).toEqual([{ type: "token", token: "token-2" }]);
  });

  it("leaves no timer and no socket behind when it stops", async () => {
    const { clock, sockets, connection } = await live();
    await clock.advance(0);
    connection.dispatch({ type: "stop" });
    expect(clock.timers).toBe(0);
    expect(sockets.last.closed).toBe(true);
  });

  it("survives any network: time always brings it to a state with a way out [CL11]", async () => {
    const acts = fc.array(
      fc.oneof(
        fc.record({
          act: fc.constant("close" as const),
          code: fc.constantFrom(1006, 1012, 4001, 4002, 4003),
        }),
        fc.record({ act: fc.constant("hello" as const) }),
        fc.record({ act: fc.constant("wait" as const), ms: fc.nat(100_000) }),
        fc.record({ act: fc.constant("wake" as const) }),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(acts, async (list) => {
        const { clock, sockets, connection, phase } = await setUp();
        for (const each of list) {
          if (each.act === "close") sockets.last.close(each.code);
          else if (each.act === "hello") sockets.last.hello();
          else if (each.act === "wait") await clock.advance(each.ms);
          else connection.dispatch({ type: "wake" });
        }
        expect(sockets.all.filter((socket) => !socket.closed).length).toBeLessThanOrEqual(1);
        sockets.opened = (socket) => {
          socket.hello();
        };
        connection.dispatch({ type: "retry" });
        await clock.advance(60_000);
        expect(phase()).toBe("live");
      }),
      { numRuns: 100 },
    );
  });
});

describe("a server that says nonsense", () => {
  it("makes no loop: not of the heartbeat, not of coming back, not of tokens that are over [CL11]", async () => {
    const { clock, sockets, tokens } = await setUp();
    tokens.lifeMs = 0;
    sockets.opened = (socket) => {
      socket.hello(-1);
    };
    sockets.last.hello(0);
    await clock.advance(60_000);
    expect(sockets.all.length).toBeLessThanOrEqual(31);
    sockets.last.say({ type: "reconnect", after_ms: -1 });
    sockets.last.hello(1e9);
    sockets.last.say({ type: "reconnect", after_ms: 1e12 });
    const before = sockets.all.length;
    await clock.advance(300_000);
    expect(sockets.all.length).toBeGreaterThan(before);
  });
});
