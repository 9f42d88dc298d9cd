import { expect, it } from "vitest";
import { anEdit, aTask } from "@/lib/testing/builders";
import type { Call, Reply } from "./http";
import { unavailable } from "./outcome";
import { createRemote } from "./tasks";

function setUp() {
  const calls: Pick<Call<unknown>, "method" | "path" | "body" | "headers">[] = [];
  const remote = createRemote((call) => {
    const { method, path, body, headers } = call;
    calls.push({ method, path, body, headers: headers ?? {} });
    const reply: Reply<never> = { ok: false, problem: unavailable(), retryAfterMs: null };
    return Promise.resolve(reply);
  }, "user/1");
  return { calls, remote };
}

it("sends each edit as its request, under its key [WR1 WR2 WR4]", async () => {
  const { calls, remote } = setUp();
  await remote.write(anEdit({ change: { kind: "create", task: { title: "Buy groceries" } } }));
  await remote.write(anEdit({ change: { kind: "patch", patch: { priority: "high" } } }));
  await remote.write(anEdit({ change: { kind: "delete" } }));
  await remote.write(anEdit({ change: { kind: "restore", task: aTask() } }));
  const headers = { "idempotency-key": "key-1" };
  const path = "/api/user%2F1/tasks/task-1";
  expect(calls).toEqual([
    {
      method: "POST",
      path: "/api/user%2F1/tasks",
      body: { id: "task-1", title: "Buy groceries" },
      headers,
    },
    { method: "PATCH", path, body: { priority: "high" }, headers },
    { method: "DELETE", path, body: undefined, headers },
    { method: "POST", path: `${path}/restore`, body: undefined, headers },
  ]);
});

it("asks for changes with the cursor as it is [FD5]", async () => {
  const { calls, remote } = setUp();
  await remote.changes(null);
  await remote.changes("a+b=");
  await remote.find("task-1");
  expect(calls.map((call) => call.path)).toEqual([
    "/api/user%2F1/changes",
    "/api/user%2F1/changes?cursor=a%2Bb%3D",
    "/api/user%2F1/tasks/task-1",
  ]);
});
