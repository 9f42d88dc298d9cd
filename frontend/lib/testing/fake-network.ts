import type { Refusal, Reply } from "@/lib/api/http";
import { unavailable } from "@/lib/api/outcome";
import type { Task, TaskUpdate } from "@/lib/protocol/types";
import { memoryStorage, type EditStorage } from "@/lib/sync/edit-storage";
import type { Notice } from "@/lib/sync/notices";
import type { Remote } from "@/lib/sync/remote";
import { EMPTY, type Snapshot } from "@/lib/websocket/snapshot";
import { SyncClient } from "@/lib/websocket/sync-client";
import type { ActingTab, Fault } from "./acts";
import { USER } from "./builders";
import { EventFates } from "./event-fates";
import { FakeClock } from "./fake-clock";
import { FakeSockets } from "./fake-sockets";
import { FakeTokens } from "./fake-tokens";
import { ModelServer } from "./model-server";

const NO_ANSWER: Refusal = { ok: false, problem: unavailable(), retryAfterMs: null };
const HEARTBEAT_MS = 30_000;

/** A tab with its whole engine, on a network in the hands of a test. */
export class FakeTab implements ActingTab {
  readonly sockets = new FakeSockets();
  readonly tokens: FakeTokens;
  readonly notices: Notice[] = [];
  readonly client: SyncClient;
  /** Every snapshot that the screen got. */
  readonly shown: Snapshot[] = [EMPTY];
  /** How many requests there were. */
  requests = 0;
  sessionsEnded = 0;
  /** What happens to the next requests. */
  faults: (Fault | null)[] = [];
  /** No request arrives and no socket opens. */
  offline = false;
  /** How long a request takes. */
  latencyMs = 0;
  /** Which events do not come. */
  loses: (event: TaskUpdate) => boolean = () => false;
  /** What happens to those that do. */
  readonly fates = new EventFates();

  constructor(
    readonly clock: FakeClock,
    readonly server: ModelServer,
    readonly name: string,
    storage: EditStorage = memoryStorage(),
  ) {
    this.tokens = new FakeTokens(clock);
    let ids = 0;
    this.client = new SyncClient({
      userId: USER,
      clock,
      random: () => 0.5,
      newId: () => `${name}-${(ids += 1)}`,
      remote: this.#remote(),
      tokens: this.tokens,
      openSocket: this.sockets.open,
      storage,
      changed: (snapshot) => this.shown.push(snapshot),
      notice: (notice) => this.notices.push(notice),
      sessionEnded: () => (this.sessionsEnded += 1),
    });
    this.sockets.opened = (socket) => {
      if (this.offline) socket.close(1006);
      else socket.hello(HEARTBEAT_MS / 1000);
    };
  }

  get now(): Snapshot {
    return this.shown.at(-1) ?? EMPTY;
  }

  get titles(): string[] {
    return this.now.tasks.map((task) => task.title).sort();
  }

  /** The shown tasks by id. */
  get tasks(): Map<string, Task> {
    return new Map(this.now.tasks.map((task) => [task.id, task]));
  }

  /** Brings the tab up. */
  async start(): Promise<void> {
    void this.client.start(true);
    await this.clock.advance(0);
  }

  /** An event comes over the socket, unless there is none or it is lost. */
  push(event: TaskUpdate): void {
    if (!this.#isConnected() || this.loses(event)) return;
    const socket = this.sockets.last;
    this.fates.pass(() => {
      socket.say({ ...event, type: "task_update" });
    });
  }

  /** A heartbeat. */
  beat(): void {
    if (this.#isConnected())
      this.sockets.last.say({ type: "ping", timestamp: null, heads: this.server.heads() });
  }

  cutSocket(): void {
    this.sockets.last.close(1006);
  }

  #isConnected(): boolean {
    return !this.offline && this.sockets.all.length > 0 && !this.sockets.last.closed;
  }

  #remote(): Remote {
    return {
      changes: (cursor) => this.#request(() => this.server.changes(cursor)),
      write: (edit) => this.#request(() => this.server.write(edit, undefined, this.name)),
      find: (id) => this.#request(() => this.server.find(id)),
    };
  }

  async #request<T>(serve: () => Reply<T>): Promise<Reply<T>> {
    this.requests += 1;
    const fault = this.offline ? "request lost" : (this.faults.shift() ?? null);
    await this.#wait();
    if (fault === "request lost") return NO_ANSWER;
    if (typeof fault === "object" && fault !== null) return fault;
    if (fault === "request repeated") serve();
    const reply = serve();
    await this.#wait();
    return fault === "reply lost" ? NO_ANSWER : reply;
  }

  #wait(): Promise<void> {
    if (this.latencyMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.clock.setTimer(resolve, this.latencyMs);
    });
  }
}

/** A server and tabs; what a tab does reaches the others by events, and heartbeats come by themselves. */
export class FakeWorld {
  readonly clock = new FakeClock();
  readonly server = new ModelServer();
  readonly tabs: FakeTab[] = [];

  constructor() {
    this.server.published = (event) => {
      // Events take their own way, and are there before or after the answer.
      this.clock.setTimer(() => {
        for (const tab of this.tabs) tab.push(event);
      }, 1);
    };
    this.#beat();
  }

  async tab(name: string, storage?: EditStorage): Promise<FakeTab> {
    const tab = new FakeTab(this.clock, this.server, name, storage);
    this.tabs.push(tab);
    await tab.start();
    return tab;
  }

  #beat(): void {
    this.clock.setTimer(() => {
      for (const tab of this.tabs) tab.beat();
      this.#beat();
    }, HEARTBEAT_MS);
  }
}

/** A server and two tabs of one user that are live. */
export async function twoTabs(): Promise<{
  clock: FakeClock;
  server: ModelServer;
  one: FakeTab;
  two: FakeTab;
}> {
  const world = new FakeWorld();
  const one = await world.tab("one");
  const two = await world.tab("two");
  return { clock: world.clock, server: world.server, one, two };
}
