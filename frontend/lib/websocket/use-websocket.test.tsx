// @vitest-environment jsdom
import { act, cleanup, render } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TaskSyncProvider } from "@/components/tasks/task-sync-provider";
import type { ServerMessage } from "@/lib/protocol/types";
import type { Notice } from "@/lib/sync/notices";
import { anEdit } from "@/lib/testing/builders";
import { ModelServer } from "@/lib/testing/model-server";
import { useAuthStore } from "@/stores/auth-store";
import { onNotice, useTaskStore } from "@/stores/task-store";

const USER = { id: "user-1", email: "ada@example.org", name: "Ada" };

/** A socket of the page, in the hands of the test. */
class PageSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static all: PageSocket[] = [];
  readyState = 1;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    PageSocket.all.push(this);
  }

  send(): void {
    // What the client says is tested elsewhere.
  }

  close(): void {
    this.readyState = 3;
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let server: ModelServer;
let isDown = false;
const requests: string[] = [];

function answer(url: string, init: RequestInit): Response {
  requests.push(`${init.method ?? "GET"} ${url}`);
  if (isDown) throw new TypeError("Failed to fetch");
  const session = { user: USER, session_id: "session-1", access_token: "token-1", expires_in: 900 };
  if (url === "/api/auth/refresh") return Response.json(session);
  if (url.startsWith("/api/user-1/changes")) {
    const reply = server.changes(new URL(url, "http://x").searchParams.get("cursor"));
    return reply.ok ? Response.json(reply.value) : new Response("", { status: 500 });
  }
  if (url === "/api/user-1/tasks") {
    const key = new Headers(init.headers).get("idempotency-key") ?? "";
    const { id, title } = JSON.parse(init.body as string) as { id: string; title: string };
    const reply = server.write(anEdit({ key, taskId: id, change: { kind: "create", task: { title } } }));
    return reply.ok ? Response.json({ id, ...reply.value }) : new Response("", { status: 500 });
  }
  return new Response("", { status: 404 });
}

async function mounted(userId: string | null) {
  const page = render(
    <StrictMode>
      <TaskSyncProvider userId={userId}>the list</TaskSyncProvider>
    </StrictMode>,
  );
  await vi.waitFor(() => {
    expect(useTaskStore.getState().status).toBe(userId === null ? "loading" : "ready");
  });
  return page;
}

/** What nobody holds at the end of the turn is stopped. */
async function emptied() {
  await vi.waitFor(() => {
    expect(useTaskStore.getState()).toMatchObject({ status: "loading", tasks: [] });
  });
}

beforeEach(async () => {
  server = new ModelServer();
  isDown = false;
  PageSocket.all = [];
  requests.length = 0;
  vi.stubGlobal("WebSocket", PageSocket);
  vi.stubGlobal(
    "fetch",
    (url: string, init: RequestInit) =>
      new Promise((resolve) => {
        resolve(answer(url, init));
      }),
  );
  await useAuthStore.getState().restore();
});

afterEach(async () => {
  cleanup();
  await emptied();
  vi.unstubAllGlobals();
});

describe("the task store", () => {
  it("is filled and kept in step while the provider is on the page, and emptied after", async () => {
    const page = await mounted("user-1");
    expect(page.container.textContent).toBe("the list");
    await vi.waitFor(() => {
      expect(PageSocket.all).not.toHaveLength(0);
    });
    const socket = PageSocket.all.at(-1);
    expect(socket?.url).toBe(`ws://${window.location.host}/ws/user-1`);
    expect(socket?.protocols).toEqual(["tandem.v1", "bearer.token-1"]);

    const notices: Notice[] = [];
    const stop = onNotice((notice) => notices.push(notice));
    const arrivals: ServerMessage[] = [];
    server.published = (event) => arrivals.push(event);
    server.write(anEdit({ change: { kind: "create", task: { title: "Buy groceries" } } }));
    act(() => {
      for (const message of arrivals) useTaskStore.getState().handleWebSocketMessage(message);
    });
    expect(useTaskStore.getState().tasks.map((task) => task.title)).toEqual(["Buy groceries"]);
    await vi.waitFor(() => {
      expect(notices).toMatchObject([{ kind: "created", title: "Buy groceries" }]);
    });
    stop();

    page.unmount();
    await emptied();
    expect(PageSocket.all.every((each) => each.readyState === 3)).toBe(true);
  });

  it("stays as it is when one page replaces another", async () => {
    const page = await mounted("user-1");
    await vi.waitFor(() => {
      expect(PageSocket.all.at(-1)?.readyState).toBe(1);
    });
    const opened = PageSocket.all.length;
    const statuses: string[] = [];
    const stop = useTaskStore.subscribe((state) => statuses.push(state.status));
    page.rerender(
      <StrictMode>
        <TaskSyncProvider key="another page" userId="user-1">
          the settings
        </TaskSyncProvider>
      </StrictMode>,
    );
    await new Promise((resolve) => setTimeout(resolve, 0));
    stop();
    expect(page.container.textContent).toBe("the settings");
    expect(PageSocket.all).toHaveLength(opened);
    expect(statuses).not.toContain("loading");
  });

  it("makes tasks that the server gets, with ids of its own [WR1]", async () => {
    await mounted("user-1");
    let id = "";
    act(() => {
      id = useTaskStore.getState().createTask({ title: "Buy groceries" });
    });
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    await vi.waitFor(() => {
      expect(server.tasks().get(id)?.title).toBe("Buy groceries");
      expect(useTaskStore.getState()).toMatchObject({ unsent: 0 });
    });
  });

  it("does nothing while nobody is signed in", async () => {
    await mounted(null);
    const { createTask, patchTask, deleteTask, retryNow } = useTaskStore.getState();
    expect(createTask({ title: "x" })).toBe("");
    patchTask("a", { title: "b" });
    deleteTask("a");
    retryNow();
    expect(useTaskStore.getState().tasks).toEqual([]);
    expect(PageSocket.all).toEqual([]);
  });

  it("turns its socket off and on", async () => {
    await mounted("user-1");
    const phase = () => useTaskStore.getState().connection.phase;
    act(() => {
      useTaskStore.getState().setWebSocketEnabled(false);
    });
    expect(phase()).toBe("idle");
    expect(useTaskStore.getState().wsEnabled).toBe(false);
    act(() => {
      useTaskStore.getState().setWebSocketEnabled(true);
    });
    expect(phase()).toBe("connecting");
  });

  it("makes the page ask before it is left while something is unsent [F13]", async () => {
    await mounted("user-1");
    const leave = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    expect(leave()).toBe(true);
    isDown = true;
    act(() => {
      useTaskStore.getState().createTask({ title: "Buy groceries" });
    });
    expect(leave()).toBe(false);
    isDown = false;
    act(() => {
      window.dispatchEvent(new Event("online"));
    });
    await vi.waitFor(() => {
      expect(leave()).toBe(true);
    });
  });
});

describe("a socket that says the session has ended", () => {
  it("signs out, once [WS8 F14]", async () => {
    await mounted("user-1");
    await vi.waitFor(() => {
      expect(PageSocket.all).not.toHaveLength(0);
    });
    const before = requests.length;
    act(() => {
      PageSocket.all.at(-1)?.onclose?.({ code: 4500, reason: "" });
    });
    expect(useAuthStore.getState()).toMatchObject({ status: "signed-out", user: null });
    expect(useAuthStore.getState().ended).toContain("ended");
    expect(requests.length).toBe(before);
  });
});
