import { v7 as uuidv7 } from "uuid";
import { authorize } from "@/lib/api/authorized";
import { createHttp, type Http } from "@/lib/api/http";
import { createRemote } from "@/lib/api/tasks";
import { RESTORING, Session } from "@/lib/session/session";
import type { Clock } from "@/lib/sync/clock";
import { memoryStorage, type EditStorage } from "@/lib/sync/edit-storage";
import type { Queue } from "@/lib/sync/queue";
import type { ActingTab, Fault } from "@/lib/testing/acts";
import type { EventFates } from "@/lib/testing/event-fates";
import { EMPTY, type Snapshot } from "@/lib/websocket/snapshot";
import { SyncClient } from "@/lib/websocket/sync-client";
import type { Browser } from "./browser";
import { FaultyNetwork } from "./faulty-network";
import type { Journal } from "./journal";

/** Where a tab is opened. */
export interface Place {
  readonly name: string;
  /** Where the server listens. */
  readonly host: string;
  readonly browser: Browser;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** A tab: session and engine, put together as the page does it, over a real network that can be made to fail. */
export class LiveTab implements ActingTab {
  readonly name: string;
  readonly client: SyncClient;
  /** What the screen shows. */
  now: Snapshot = EMPTY;
  readonly #network: FaultyNetwork;
  readonly #storage: EditStorage;

  private constructor(
    { name, host, clock, journal }: Place,
    http: Http,
    readonly session: Session,
    readonly userId: string,
    network: FaultyNetwork,
  ) {
    this.name = name;
    this.#network = network;
    this.#storage = journaled(journal);
    this.client = new SyncClient({
      userId,
      clock,
      random: Math.random,
      newId: uuidv7,
      remote: createRemote(authorize(http, session, userId), userId),
      tokens: session,
      openSocket: network.sockets(`ws://${host}/ws/${userId}`),
      storage: this.#storage,
      changed: (snapshot) => (this.now = snapshot),
      notice: () => undefined,
      sessionEnded: () => {
        session.end();
      },
    });
  }

  /**
   * Opens a tab and starts its engine.
   *
   * @param enter - How its user gets a session: by the browser's cookie, or by signing in.
   */
  static async open(place: Place, enter: (session: Session) => Promise<unknown>): Promise<LiveTab> {
    const network = new FaultyNetwork(place.journal);
    const http = createHttp(place.browser.withCookie(network.fetch), place.clock, `http://${place.host}`);
    let account = RESTORING;
    const session = new Session({
      http,
      clock: place.clock,
      lock: place.browser.lock,
      changed: (state) => (account = state),
    });
    await enter(session);
    if (account.user === null) throw new Error("nobody could sign in");
    const tab = new LiveTab(place, http, session, account.user.id, network);
    await tab.client.start(true);
    return tab;
  }

  get faults(): (Fault | null)[] {
    return this.#network.faults;
  }

  set faults(faults: (Fault | null)[]) {
    this.#network.faults = faults;
  }

  get offline(): boolean {
    return this.#network.offline;
  }

  set offline(offline: boolean) {
    this.#network.offline = offline;
  }

  get fates(): EventFates {
    return this.#network.fates;
  }

  cutSocket(): void {
    this.#network.cut();
  }

  /** The edits that confirmed state does not show yet, answered or not. */
  pending(): Promise<Queue> {
    return this.#storage.load(this.userId);
  }
}

/** A storage that tells of every edit that is made. */
function journaled(journal: Journal): EditStorage {
  const storage = memoryStorage();
  return {
    load: (userId) => storage.load(userId),
    save: (userId, queue) => {
      for (const edit of queue) journal.made(edit);
      storage.save(userId, queue);
    },
  };
}
