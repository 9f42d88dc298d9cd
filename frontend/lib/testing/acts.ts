import fc from "fast-check";
import type { Refusal } from "@/lib/api/http";
import type { Snapshot } from "@/lib/websocket/snapshot";
import type { SyncClient } from "@/lib/websocket/sync-client";
import { aRefusal } from "./builders";
import type { EventFates, Fate } from "./event-fates";

/** What happens to a request: it, or its answer, may be lost, it may arrive twice, or be refused. */
export type Fault = "request lost" | "reply lost" | "request repeated" | Refusal;

/** A thing that a person or the network does; `tab` and `task` count round. */
export type Act =
  | { act: "create" | "patch" | "complete" | "delete" | "restore"; tab: number; task: number }
  | { act: "offline" | "online" | "cut socket" | "wake"; tab: number }
  | { act: "events"; tab: number; fates: Fate[] }
  | { act: "faults"; tab: number; faults: Fault[] }
  | { act: "wait"; ms: number };

/** A tab to which acts are done: over a model of the server, or over a real one. */
export interface ActingTab {
  readonly name: string;
  readonly client: SyncClient;
  /** What the screen shows. */
  readonly now: Snapshot;
  /** What happens to the next requests. */
  faults: (Fault | null)[];
  /** Nothing arrives, and nobody says so. */
  offline: boolean;
  readonly fates: EventFates;
  /** Breaks the connection off. */
  cutSocket(): void;
}

/** What the tabs share over a sequence of acts. */
export interface Stage {
  readonly tabs: readonly [ActingTab, ...ActingTab[]];
  /** The ids of all tasks that were made. */
  readonly made: string[];
}

const fate = fc.constantFrom<Fate[]>("through", "lost", "twice", "late");
const fault = fc.constantFrom<Fault[]>(
  "request lost",
  "reply lost",
  "request repeated",
  aRefusal(500, "internal"),
  aRefusal(429, "too_many_tries", 3000),
  aRefusal(401, "unauthenticated"),
);

/**
 * Any sequence of acts, up to a length at which lost events and edits meet.
 *
 * @param tabs - How many tabs there are.
 * @param longestWaitMs - The longest wait, in milliseconds of the clients' clock.
 */
export function anyActs(tabs: number, longestWaitMs: number): fc.Arbitrary<Act[]> {
  const tab = fc.nat(tabs - 1);
  const edit = fc.constantFrom("create", "create", "patch", "complete", "delete", "restore");
  const network = fc.constantFrom("offline", "online", "cut socket", "wake");
  const act = fc.oneof(
    { weight: 5, arbitrary: fc.record({ act: edit, tab, task: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ act: network, tab }) },
    {
      weight: 4,
      arbitrary: fc.record({
        act: fc.constant("events"),
        tab,
        fates: fc.array(fate, { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constant("faults"), tab, faults: fc.array(fault, { maxLength: 4 }) }),
    },
    { weight: 4, arbitrary: fc.record({ act: fc.constant("wait"), ms: fc.nat(longestWaitMs) }) },
  );
  return fc.array(act, { minLength: 5, maxLength: 40 });
}

/** Does an act; that time passes in a `wait` is up to the caller. */
export function perform(act: Act, { tabs, made }: Stage): void {
  if (act.act === "wait") return;
  const tab = tabs[act.tab] ?? tabs[0];
  const id = "task" in act ? (made[act.task % Math.max(made.length, 1)] ?? "none") : "none";
  switch (act.act) {
    case "create":
      made.push(tab.client.createTask({ title: `Task ${made.length}` }));
      break;
    case "patch":
      tab.client.patchTask(id, { title: `${tab.name} ${made.length} ${act.task}` });
      break;
    case "complete":
      tab.client.patchTask(id, { completed: act.task % 3 > 0 });
      break;
    case "delete":
      tab.client.deleteTask(id);
      break;
    case "restore":
      if (made.length > 0) tab.client.restoreTask(id);
      break;
    case "offline":
      tab.offline = true;
      break;
    case "online":
      tab.offline = false;
      break;
    case "cut socket":
      tab.cutSocket();
      break;
    case "wake":
      tab.client.wake();
      break;
    case "events":
      tab.fates.set(act.fates);
      break;
    case "faults":
      tab.faults.push(...act.faults);
      break;
  }
}

/**
 * Ends all faults. A tab is woken only where a browser would do it or a person had to: the others have to find out by
 * themselves what they missed.
 */
export function calm({ tabs }: Stage): void {
  for (const tab of tabs) {
    tab.faults = [];
    tab.fates.set([]);
    if (tab.offline) {
      tab.offline = false;
      tab.client.wake();
    } else if (tab.now.connection.phase === "resting") {
      tab.client.retryNow();
    }
  }
}
