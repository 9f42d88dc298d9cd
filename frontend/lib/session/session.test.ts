import { describe, expect, it } from "vitest";
import { unavailable } from "@/lib/api/outcome";
import type { Reply } from "@/lib/api/http";
import { isServerInfo } from "@/lib/protocol/guards";
import { aRefusal } from "@/lib/testing/builders";
import { authenticated, FakeApi } from "@/lib/testing/fake-api";
import { FakeClock } from "@/lib/testing/fake-clock";
import { RESTORING, Session, type SessionState } from "./session";

const LOGIN = "POST /api/auth/login";
const REFRESH = "POST /api/auth/refresh";
const LOGOUT = "POST /api/auth/logout";
const INFO = "GET /api/info";
const NO_ANSWER: Reply<never> = { ok: false, problem: unavailable(), retryAfterMs: null };
const DONE: Reply<undefined> = { ok: true, value: undefined };
const CREDENTIALS = { email: "ada@example.org", password: "correct horse" };

function setUp() {
  const api = new FakeApi();
  const clock = new FakeClock();
  const states: SessionState[] = [];
  const locks: string[] = [];
  const session = new Session({
    http: api.http,
    clock,
    lock: (name, work) => {
      locks.push(name);
      return work();
    },
    changed: (state) => states.push(state),
  });
  return { api, clock, session, states, locks, state: () => states.at(-1) };
}

async function signedIn() {
  const world = setUp();
  world.api.answer(LOGIN, () => authenticated("token-1"));
  await world.session.signIn(CREDENTIALS);
  return world;
}

function value(reply: Awaited<ReturnType<Session["current"]>>): string {
  return reply.ok ? reply.value.value : reply.problem.code;
}

const askInfo = { method: "GET", path: "/api/info", reads: isServerInfo } as const;
const info: Reply<unknown> = { ok: true, value: { version: "1", protocol: 1, registration_open: true } };

describe("restoring", () => {
  it("brings the session back from the cookie, once for all who ask [AU4]", async () => {
    const { api, session, state, locks } = setUp();
    api.answer(REFRESH, () => authenticated("token-1"));
    await Promise.all([session.restore(), session.restore()]);
    await session.restore();
    expect(api.count(REFRESH)).toBe(1);
    expect(locks).toEqual(["tandem-refresh"]);
    expect(state()).toMatchObject({
      status: "signed-in",
      user: { id: "user-1" },
      sessionId: "session-1",
      ended: null,
    });
  });

  it("without a cookie is signed out, and nothing has ended", async () => {
    const { api, session, state } = setUp();
    api.answer(REFRESH, () => aRefusal(401, "unauthenticated"));
    await session.restore();
    await session.restore();
    expect(api.count(REFRESH)).toBe(1);
    expect(state()).toEqual({ ...RESTORING, status: "signed-out" });
  });

  it("of a session that ended meanwhile says so [CL15 F14]", async () => {
    const { api, session, state } = setUp();
    api.answer(REFRESH, () => aRefusal(401, "session_ended"));
    await session.restore();
    expect(state()).toMatchObject({
      status: "signed-out",
      ended: "Your session has ended. Please sign in again.",
    });
  });

  it("of a page that the server refuses says what it says, until it can be tried again", async () => {
    const { api, session, state } = setUp();
    api.answer(REFRESH, () => aRefusal(403, "forbidden"));
    await session.restore();
    expect(state()).toMatchObject({ status: "unreachable", refused: "because forbidden" });
    api.answer(REFRESH, () => NO_ANSWER);
    await session.restore();
    expect(state()).toMatchObject({ status: "unreachable", refused: null });
  });

  it.each([NO_ANSWER, aRefusal(503, "unavailable"), aRefusal(429, "too_many_tries", 1000)])(
    "can be tried again when the server does not answer",
    async (refusal) => {
      const { api, session, state } = setUp();
      api.answer(REFRESH, () => refusal);
      await session.restore();
      expect(state()?.status).toBe("unreachable");
      api.answer(REFRESH, () => authenticated("token-1"));
      const again = session.restore();
      expect(state()?.status).toBe("restoring");
      await again;
      expect(state()?.status).toBe("signed-in");
    },
  );
});

describe("signing in", () => {
  it("gives a token without asking for another one [AU3]", async () => {
    const { api, session } = await signedIn();
    expect(value(await session.current())).toBe("token-1");
    expect(api.arrived).toEqual([{ call: LOGIN, body: CREDENTIALS, token: undefined }]);
  });

  it("that is refused changes nothing and says why [AU1]", async () => {
    const { api, session, states } = setUp();
    api.answer(LOGIN, () => aRefusal(401, "invalid_credentials"));
    const outcome = await session.signIn(CREDENTIALS);
    expect(outcome).toMatchObject({ ok: false, problem: { code: "invalid_credentials" } });
    expect(states).toEqual([]);
    expect(api.count(REFRESH)).toBe(0);
  });

  it("with a new account works the same", async () => {
    const { api, session, state } = setUp();
    api.answer("POST /api/auth/register", () => authenticated("token-1"));
    expect(await session.register({ ...CREDENTIALS, name: "Ada" })).toMatchObject({ ok: true });
    expect(state()?.status).toBe("signed-in");
  });
});

describe("the token", () => {
  it("is renewed a minute before its end, by one request for all who ask [AU3 AU4]", async () => {
    const { api, clock, session } = await signedIn();
    api.answer(REFRESH, () => authenticated("token-2"));
    await clock.advance(840_000 - 1);
    expect(value(await session.current())).toBe("token-1");
    await clock.advance(1);
    const all = await Promise.all([session.current(), session.current(), session.renewed("token-1")]);
    expect(all.map(value)).toEqual(["token-2", "token-2", "token-2"]);
    expect(api.count(REFRESH)).toBe(1);
  });

  it("that somebody else has replaced already is not replaced again", async () => {
    const { api, session } = await signedIn();
    api.answer(REFRESH, () => authenticated("token-2"));
    await session.renewed("token-1");
    expect(value(await session.renewed("token-1"))).toBe("token-2");
    expect(api.count(REFRESH)).toBe(1);
  });

  it("that is refused is replaced once, and the call repeated [CL9]", async () => {
    const { api, session } = await signedIn();
    api.answer(REFRESH, () => authenticated("token-2"));
    api.answer(INFO, ({ token }) => (token === "token-2" ? info : aRefusal(401, "unauthenticated")));
    expect(await session.send(askInfo)).toEqual(info);
    expect(api.count(INFO)).toBe(2);
  });

  it("that is refused though it is fresh makes no loop [F14]", async () => {
    const { api, session } = await signedIn();
    api.answer(REFRESH, () => authenticated("token-2"));
    api.answer(INFO, () => aRefusal(401, "unauthenticated"));
    expect(await session.send(askInfo)).toMatchObject({ ok: false, problem: { status: 401 } });
    expect([api.count(INFO), api.count(REFRESH)]).toEqual([2, 1]);
  });

  it("has nothing to do with a wrong password [AU1]", async () => {
    const { api, session } = await signedIn();
    api.answer("POST /api/auth/password", () => aRefusal(401, "invalid_credentials"));
    const outcome = await session.changePassword({ current_password: "x", new_password: "12345678" });
    expect(outcome).toMatchObject({ ok: false, problem: { code: "invalid_credentials" } });
    expect(api.count(REFRESH)).toBe(0);
  });

  it("keeps the session while the server cannot be reached", async () => {
    const { api, clock, session, state } = await signedIn();
    api.answer(REFRESH, () => NO_ANSWER);
    await clock.advance(900_000);
    expect(value(await session.current())).toBe("unavailable");
    expect(state()?.status).toBe("signed-in");
  });
});

describe("a session that has ended", () => {
  it("signs out once, says why, and asks nothing more [CL15 F14]", async () => {
    const { api, session, states } = await signedIn();
    api.answer(INFO, () => aRefusal(401, "session_ended"));
    api.answer(REFRESH, () => aRefusal(401, "session_ended"));
    await Promise.all([session.send(askInfo), session.send(askInfo), session.send(askInfo)]);
    await session.send(askInfo);
    await session.restore();
    session.end();
    expect(states.map((state) => state.status)).toEqual(["signed-in", "signed-out"]);
    expect(states[1]?.ended).toBe("Your session has ended. Please sign in again.");
    expect([api.count(INFO), api.count(REFRESH)]).toEqual([3, 1]);
  });

  it("is known from the socket as well [WS8]", async () => {
    const { session, state } = await signedIn();
    session.end();
    expect(state()).toMatchObject({ status: "signed-out", user: null });
  });

  it("gives way to a new one, of whoever it is", async () => {
    const { api, session, state } = await signedIn();
    session.end();
    api.answer(LOGIN, () => authenticated("token-9", "user-2", "session-2"));
    await session.signIn(CREDENTIALS);
    expect(state()).toMatchObject({ status: "signed-in", user: { id: "user-2" }, ended: null });
    expect(value(await session.current())).toBe("token-9");
  });
});

describe("signing out", () => {
  it("is no ended session, even when the socket says so first [WS8]", async () => {
    const { api, session, states, state } = await signedIn();
    api.answer(LOGOUT, () => {
      session.end();
      return DONE;
    });
    await session.signOut();
    expect(state()).toMatchObject({ status: "signed-out", ended: null });
    expect(states).toHaveLength(2);
  });

  it("without the server says that the cookie is left", async () => {
    const { api, session, state } = await signedIn();
    api.answer(LOGOUT, () => NO_ANSWER);
    await session.signOut();
    expect(state()?.status).toBe("signed-out");
    expect(state()?.ended).toContain("could not be told");
  });

  it("everywhere needs the server", async () => {
    const { api, session, state } = await signedIn();
    api.answer("POST /api/auth/logout-all", () => NO_ANSWER);
    expect(await session.signOutEverywhere()).toMatchObject({ ok: false });
    expect(state()?.status).toBe("signed-in");
    api.answer("POST /api/auth/logout-all", () => DONE);
    expect(await session.signOutEverywhere()).toMatchObject({ ok: true });
    expect(state()).toMatchObject({ status: "signed-out", ended: null });
  });

  it("makes the answers void that were asked before", async () => {
    const { api, session, state } = await signedIn();
    api.answer(LOGOUT, () => DONE);
    let answer: (reply: Reply<unknown>) => void = () => undefined;
    api.answer(REFRESH, () => new Promise((resolve) => (answer = resolve)));
    const renewed = session.renewed("token-1");
    await session.signOut();
    answer(authenticated("token-2"));
    expect(value(await renewed)).toBe("unauthenticated");
    expect(state()?.status).toBe("signed-out");
  });
});

describe("the account", () => {
  it("takes a new name", async () => {
    const { api, session, state } = await signedIn();
    const user = { id: "user-1", email: "ada@example.org", name: "Countess" };
    api.answer("PATCH /api/auth/me", () => ({ ok: true, value: user }));
    await session.rename("Countess");
    expect(state()?.user).toEqual(user);
  });

  it("may be somebody else's after another tab signed in [AU4]", async () => {
    const { api, session, state } = await signedIn();
    api.answer(REFRESH, () => authenticated("token-2", "user-2", "session-2"));
    await session.renewed("token-1");
    expect(state()).toMatchObject({ user: { id: "user-2" }, sessionId: "session-2" });
  });
});
