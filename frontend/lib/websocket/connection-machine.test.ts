import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TABLE, transition } from "./connection-machine";
import type { Effect, Env, Event, State, Step } from "./states";

const ENV: Env = { now: 100_000, wall: 5_000_000, random: 0.5 };
const LIVE = { phase: "live", failures: 0, since: 0, silenceMs: 60_000 } as const;

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.constantFrom<Event[]>(
    { type: "start" },
    { type: "stop" },
    { type: "wake" },
    { type: "retry" },
    { type: "authorized", token: "t" },
    { type: "unauthorized" },
    { type: "heard" },
    { type: "timeout" },
    { type: "hello", heartbeatMs: 30_000 },
  ),
  fc.record({ type: fc.constant("unreachable" as const), retryAfterMs: fc.nat(60_000) }),
  fc.record({ type: fc.constant("reconnect" as const), afterMs: fc.nat(5_000) }),
  fc.record({
    type: fc.constant("closed" as const),
    code: fc.oneof(fc.constantFrom(1000, 1006, 1012, 4001, 4002, 4003, 4500, 4501, 4502), fc.nat(4999)),
    reason: fc.string(),
  }),
);

function doing(step: Step): Effect["do"][] {
  return step.effects.map((effect) => effect.do);
}

function armed(step: Step): number | undefined {
  return step.effects.find((effect) => effect.do === "arm")?.ms;
}

function closed(code: number): Event {
  return { type: "closed", code, reason: "because" };
}

describe("the table", () => {
  it("has a cell for every state and every event", () => {
    const sizes = Object.values(TABLE).map((row) => Object.keys(row).length);
    expect(sizes).toEqual(Array.from({ length: 8 }, () => 12));
  });

  it("never throws, and never leaves a state that waits without a timer, or one with a socket without a deadline", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let state: State = { phase: "idle" };
        let timer = false;
        let socket = false;
        for (const event of events) {
          if (event.type === "timeout") {
            // A timer runs out only where one is set.
            if (!timer) continue;
            timer = false;
          }
          const step: Step = transition(state, event, ENV);
          for (const effect of step.effects) {
            if (effect.do === "arm") timer = true;
            if (effect.do === "disarm") timer = false;
            if (effect.do === "open") socket = true;
            if (effect.do === "close") socket = false;
          }
          state = step.state;
          expect(timer).toBe(needsTimer(state));
          expect(socket).toBe(["opening", "live", "probing"].includes(state.phase));
        }
      }),
    );
  });

  it("comes back from every state but the final ones when it is woken or asked [CL11]", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let state: State = { phase: "idle" };
        for (const event of events) state = transition(state, event, ENV).state;
        const woken = transition(state, { type: "wake" }, ENV).state;
        if (["waiting", "resting"].includes(state.phase)) {
          expect(woken).toEqual({ phase: "authorizing", failures: 0 });
        }
        expect(["waiting", "resting"]).not.toContain(woken.phase);
      }),
    );
  });
});

function needsTimer(state: State): boolean {
  if (state.phase === "stopped") return state.code === 4501;
  return !["idle", "resting"].includes(state.phase);
}

describe("connecting", () => {
  it("pulls after the socket is open [CL4 F11]", () => {
    const step = transition({ phase: "opening", failures: 3 }, { type: "hello", heartbeatMs: 30_000 }, ENV);
    expect(step.state.phase).toBe("live");
    expect(doing(step)).toEqual(["arm", "pull"]);
  });

  it("tries ten times, 1, 2, 4, 8, 16, then 30 s apart, then rests [CL11]", () => {
    let state: State = { phase: "opening", failures: 0 };
    const waits: (number | undefined)[] = [];
    for (;;) {
      const step: Step = transition(state, closed(1006), ENV);
      if (step.state.phase === "resting") break;
      waits.push(armed(step));
      const again = transition(step.state, { type: "timeout" }, ENV);
      expect(again.effects).toContainEqual({ do: "authorize", fresh: true });
      state = transition(again.state, { type: "authorized", token: "t" }, ENV).state;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30, 30].map((seconds) => seconds * 1000));
  });

  it("says when the next try begins", () => {
    const { state } = transition({ phase: "opening", failures: 0 }, closed(1006), ENV);
    expect(state).toMatchObject({ phase: "waiting", retryAt: ENV.wall + 1000, failures: 1 });
  });

  it("asks for a fresh token after a failed handshake, and after an expired one [CL15]", () => {
    expect(transition({ phase: "opening", failures: 0 }, closed(1006), ENV).state).toMatchObject({
      fresh: true,
    });
    expect(transition(LIVE, closed(4002), ENV).state).toMatchObject({ phase: "waiting", fresh: true });
    expect(transition(LIVE, closed(1006), ENV).state).toMatchObject({ phase: "waiting", fresh: false });
  });

  it("leaves the server alone for as long as it asks [CL9]", () => {
    const step = transition(
      { phase: "authorizing", failures: 0 },
      { type: "unreachable", retryAfterMs: 45_000 },
      ENV,
    );
    expect(armed(step)).toBe(45_000);
  });

  it("counts a connection that did not hold as one more failure [CL11]", () => {
    const short = { ...LIVE, failures: 4, since: ENV.now - 100 };
    expect(transition(short, closed(4001), ENV).state).toMatchObject({ phase: "waiting", failures: 5 });
    expect(transition({ ...short, since: 0 }, closed(4001), ENV).state).toMatchObject({ failures: 1 });
  });
});

describe("close codes", () => {
  it.each([1000, 1001, 1006, 1011, 1012, 3000, 4000, 4001, 4002, 4003, 4499])(
    "%i: comes back [WS10]",
    (code) => {
      expect(transition(LIVE, closed(code), ENV).state.phase).toBe("waiting");
    },
  );

  it.each([4500, 4501, 4502, 4777, 4999])("%i: does not, and says why [WS10]", (code) => {
    const { state } = transition(LIVE, closed(code), ENV);
    expect(state).toMatchObject({ phase: "stopped", code });
    expect(state.phase === "stopped" && state.reason).toBeTruthy();
  });

  it("4500 ends the session and nothing brings it back [WS8 CL15]", () => {
    const step = transition(LIVE, closed(4500), ENV);
    expect(doing(step)).toContain("end-session");
    for (const type of ["wake", "retry", "start"] as const) {
      expect(transition(step.state, { type }, ENV).state).toBe(step.state);
    }
  });

  it("4501 stays without push and pulls now and then; the button tries again [HS3]", () => {
    const step = transition({ phase: "opening", failures: 0 }, closed(4501), ENV);
    expect(doing(step)).toEqual(["close", "pull", "arm"]);
    const later = transition(step.state, { type: "timeout" }, ENV);
    expect(doing(later)).toEqual(["pull", "arm"]);
    expect(transition(step.state, { type: "retry" }, ENV).state.phase).toBe("authorizing");
  });

  it("after `reconnect` it comes back when it was told to, and that is no failure [WS9]", () => {
    const step = transition(LIVE, { type: "reconnect", afterMs: 1800 }, ENV);
    expect(step.state).toMatchObject({ phase: "waiting", failures: 0 });
    expect(armed(step)).toBe(1800);
  });
});

describe("dead sockets", () => {
  it("are found by silence of twice the heartbeat, and replaced at once [CL12 F10]", () => {
    const step = transition(LIVE, { type: "timeout" }, ENV);
    expect(step.state).toEqual({ phase: "authorizing", failures: 0 });
    expect(doing(step)).toEqual(["close", "arm", "authorize"]);
  });

  it("have three seconds to answer after waking [CL12 F10]", () => {
    const step = transition(LIVE, { type: "wake" }, ENV);
    expect(step.effects).toEqual([{ do: "ping" }, { do: "arm", ms: 3000 }]);
    expect(transition(step.state, { type: "heard" }, ENV).state.phase).toBe("live");
    expect(transition(step.state, { type: "timeout" }, ENV).state.phase).toBe("authorizing");
  });
});
