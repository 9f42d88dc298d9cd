import { expect, it } from "vitest";
import { isServerInfo } from "@/lib/protocol/guards";
import { USER } from "@/lib/testing/builders";
import { FakeApi } from "@/lib/testing/fake-api";
import { FakeClock } from "@/lib/testing/fake-clock";
import { FakeTokens } from "@/lib/testing/fake-tokens";
import { authorize } from "./authorized";

const ask = { method: "GET", path: "/api/info", reads: isServerInfo } as const;

it("never sends one user's calls with another user's token", async () => {
  const api = new FakeApi();
  api.answer("GET /api/info", () => ({
    ok: true,
    value: { version: "1", protocol: 1, registration_open: true },
  }));
  const tokens = new FakeTokens(new FakeClock());
  expect(await authorize(api.http, tokens, USER)(ask)).toMatchObject({ ok: true });
  expect(await authorize(api.http, tokens, "user-2")(ask)).toMatchObject({
    ok: false,
    problem: { status: 401 },
  });
  expect(api.arrived).toHaveLength(1);
});
