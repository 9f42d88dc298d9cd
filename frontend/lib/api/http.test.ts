import { describe, expect, it } from "vitest";
import { isServerInfo } from "@/lib/protocol/guards";
import { FakeClock } from "@/lib/testing/fake-clock";
import { createHttp } from "./http";

const INFO = { version: "1", protocol: 1, registration_open: true };
const ask = { method: "GET", path: "/api/info", reads: isServerInfo } as const;

function answering(body: string, init: ResponseInit = {}) {
  const clock = new FakeClock();
  const requests: [unknown, RequestInit][] = [];
  const fetch: typeof globalThis.fetch = (url, request = {}) => {
    requests.push([url, request]);
    return Promise.resolve(new Response(body, init));
  };
  return { clock, requests, http: createHttp(fetch, clock, "https://tasks.example.org") };
}

describe("a call", () => {
  it("carries its token, its body and its headers, and the cookie goes with it", async () => {
    const { http, requests, clock } = answering(JSON.stringify(INFO));
    const call = { ...ask, method: "POST", body: { a: 1 }, headers: { "idempotency-key": "k" } } as const;
    expect(await http(call, "token-1")).toEqual({ ok: true, value: INFO });
    const [url, init] = requests[0] ?? ["", {}];
    expect(url).toBe("https://tasks.example.org/api/info");
    expect(init).toMatchObject({ method: "POST", body: '{"a":1}', credentials: "include" });
    expect(init.headers).toEqual({
      accept: "application/json",
      "content-type": "application/json",
      authorization: "Bearer token-1",
      "idempotency-key": "k",
    });
    expect(clock.timers).toBe(0);
  });

  it("that is refused gives the problem, and when to come back [WR8 CL9]", async () => {
    const problem = {
      type: "t",
      title: "Slow down",
      status: 429,
      detail: "Slow down.",
      code: "too_many_tries",
    };
    const { http } = answering(JSON.stringify(problem), { status: 429, headers: { "retry-after": "7" } });
    expect(await http(ask)).toEqual({ ok: false, problem, retryAfterMs: 7000 });
  });

  it.each([
    ["a page of a proxy", "<html>Bad gateway</html>", 502, 502],
    ["nothing", "", 504, 504],
    ["a page of a captive portal", "<html>Please pay</html>", 200, 0],
    ["something else than was asked for", "{}", 200, 0],
  ])("that is answered by %s says that the server is not there", async (_, body, status, as) => {
    const { http } = answering(body, { status });
    expect(await http(ask)).toMatchObject({ ok: false, problem: { code: "unavailable", status: as } });
  });

  it("that finds no network is not answered [CL9]", async () => {
    const http = createHttp(() => Promise.reject(new TypeError("Failed to fetch")), new FakeClock(), "");
    expect(await http(ask)).toMatchObject({ ok: false, problem: { code: "unavailable", status: 0 } });
  });

  it("that does not begin within 10 s is not answered [CL9 F10]", async () => {
    const clock = new FakeClock();
    const hanging: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => {
          reject(new DOMException("aborted", "AbortError"));
        });
      });
    const reply = createHttp(hanging, clock, "")(ask);
    await clock.advance(10_000);
    expect(await reply).toMatchObject({ ok: false, problem: { status: 0 } });
  });

  it("that is not whole 30 s after it began is not answered [CL9]", async () => {
    const clock = new FakeClock();
    const stalling: typeof fetch = (_, init) => {
      const body = new ReadableStream({
        start(controller) {
          init?.signal?.addEventListener("abort", () => {
            controller.error(new DOMException("aborted", "AbortError"));
          });
        },
      });
      return Promise.resolve(new Response(body));
    };
    let answered = false;
    const reply = createHttp(
      stalling,
      clock,
      "",
    )(ask).finally(() => {
      answered = true;
    });
    await clock.advance(29_000);
    expect(answered).toBe(false);
    await clock.advance(1_000);
    expect(await reply).toMatchObject({ ok: false, problem: { status: 0 } });
  });
});
