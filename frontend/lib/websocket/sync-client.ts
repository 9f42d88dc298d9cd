import type { Tokens } from "@/lib/api/authorized";
import { GAP_WAIT_MS } from "@/lib/protocol/constants";
import type { Heads, ServerMessage, Task, TaskPatch, TaskUpdate } from "@/lib/protocol/types";
import { Deadline, type Clock } from "@/lib/sync/clock";
import { hasReached, standing } from "@/lib/sync/confirmed";
import type { EditStorage } from "@/lib/sync/edit-storage";
import type { Answer, Change, Edit, NewTask } from "@/lib/sync/edits";
import { Notices, type Notice } from "@/lib/sync/notices";
import { Puller } from "@/lib/sync/puller";
import { unanswered, type Queue } from "@/lib/sync/queue";
import { RecentMap } from "@/lib/sync/recent-map";
import type { Remote } from "@/lib/sync/remote";
import { Replica, type Learned } from "@/lib/sync/replica";
import { Sender } from "@/lib/sync/sender";
import { createView } from "@/lib/sync/view";
import { Batcher } from "./batcher";
import { Connection } from "./connection";
import { describe, EMPTY, isSame, type Snapshot } from "./snapshot";
import type { OpenSocket } from "./socket";
import { isOpen, type State } from "./states";

/** How long the event of an answered edit may take while push works. */
const EVENT_WAIT_MS = 1_000;
/** How many deleted tasks can be shown again before the server answers. */
const DELETED_KEPT = 200;

/** All that the engine does not do itself. */
export interface SyncPorts {
  readonly userId: string;
  readonly clock: Clock;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Makes ids in the order of time (UUIDv7, WR1). */
  readonly newId: () => string;
  readonly remote: Remote;
  readonly tokens: Tokens;
  readonly openSocket: OpenSocket;
  readonly storage: EditStorage;
  readonly changed: (snapshot: Snapshot) => void;
  readonly notice: (notice: Notice) => void;
  /** The server ended the session over the socket (WS8). */
  readonly sessionEnded: () => void;
}

/**
 * Keeps the tasks of one user in step with the server: joins the connection, the pulls and the queue of edits to one
 * replica, and says what the screen shows.
 *
 * Everything from outside comes in by {@link SyncPorts}, so that tests hold time, network and chance in their hands.
 */
export class SyncClient {
  readonly #ports: SyncPorts;
  readonly #replica = new Replica();
  readonly #view = createView();
  readonly #connection: Connection;
  readonly #puller: Puller;
  readonly #sender: Sender;
  readonly #notices: Notices;
  readonly #events: Batcher<TaskUpdate>;
  readonly #gap: Deadline;
  readonly #late: Deadline;
  readonly #short: Deadline;
  /** Keys of the edits made here, by which their events are known (CL13). */
  readonly #ownKeys = new Set<string>();
  /** Tasks as they were before they were deleted, to show them again at once. */
  readonly #deleted = new RecentMap<string, Task>(DELETED_KEPT);
  #snapshot: Snapshot = EMPTY;
  #saved: Queue | null = null;
  #state: State = { phase: "idle" };
  /** Whether a pull came through since the socket was opened (CL4). */
  #isCurrent = false;
  /** The heads that confirmed state was short of. */
  #heads: Heads = {};
  #stopped = false;

  constructor(ports: SyncPorts) {
    this.#ports = ports;
    const { clock, random, remote, tokens, openSocket, sessionEnded } = ports;
    const replica = this.#replica;
    const pull = () => {
      this.#puller.request();
    };
    this.#gap = new Deadline(clock, GAP_WAIT_MS, pull);
    this.#late = new Deadline(clock, EVENT_WAIT_MS, pull);
    this.#short = new Deadline(clock, GAP_WAIT_MS, () => {
      if (!hasReached(replica.confirmed, this.#heads)) pull();
    });
    this.#events = new Batcher(clock, (events) => {
      this.#learned(replica.receive(events));
    });
    this.#notices = new Notices(clock, ports.userId, ports.notice);
    this.#puller = new Puller({ clock, random, remote, replica, pulled: this.#pulled });
    this.#sender = new Sender({
      clock,
      random,
      remote,
      replica,
      answered: this.#answered,
      refused: this.#refused,
    });
    this.#connection = new Connection({
      clock,
      random,
      tokens,
      openSocket,
      sessionEnded,
      message: this.#hear,
      pull: this.#reachable,
      changed: (state) => {
        if (!isOpen(state)) this.#isCurrent = false;
        this.#state = state;
        this.#tell();
      },
    });
  }

  /**
   * Begins: takes up the edits that were kept, pulls, and connects.
   *
   * @param push - Whether to open a socket.
   */
  async start(push: boolean): Promise<void> {
    this.#puller.request();
    if (push) this.#connection.dispatch({ type: "start" });
    const kept = await this.#ports.storage.load(this.#ports.userId);
    if (this.#stopped) return;
    for (const edit of kept) this.#ownKeys.add(edit.key);
    this.#replica.restoreEdits(kept);
    this.#saved = kept;
    this.#refresh();
    this.#sender.pump();
  }

  /** Ends for good. Edits that were not answered are kept in the storage. */
  stop(): void {
    this.#stopped = true;
    this.#connection.dispatch({ type: "stop" });
    this.#puller.stop();
    this.#sender.stop();
    this.#events.stop();
    this.#notices.stop();
    this.#gap.cancel();
    this.#late.cancel();
    this.#short.cancel();
  }

  /** Turns the socket on or off. */
  setPush(enabled: boolean): void {
    this.#connection.dispatch({ type: enabled ? "start" : "stop" });
  }

  /** The device came online, the tab is shown again, or the page came back: starts afresh at once (CL11). */
  wake(): void {
    this.#connection.dispatch({ type: "wake" });
    this.#reachable();
  }

  /** A person wants it tried now. */
  retryNow(): void {
    this.#connection.dispatch({ type: "retry" });
    this.#reachable();
  }

  /** Takes a message as if it had come over the socket. */
  receive(message: ServerMessage): void {
    this.#connection.receive(message);
  }

  /** Makes a task (WR1) and shows it at once. */
  createTask(task: NewTask): string {
    const id = this.#ports.newId();
    this.#edit(id, task.title, { kind: "create", task });
    return id;
  }

  /** Changes fields of a task (WR2); the others are not sent. */
  patchTask(id: string, patch: TaskPatch): void {
    const task = this.#shown(id);
    if (task !== undefined) this.#edit(id, task.title, { kind: "patch", patch });
  }

  /** Deletes a task, and remembers it for {@link restoreTask}. */
  deleteTask(id: string): void {
    const task = this.#shown(id);
    if (task === undefined) return;
    this.#deleted.set(id, task);
    this.#edit(id, task.title, { kind: "delete" });
  }

  /** Brings a deleted task back (WR3). */
  restoreTask(id: string): void {
    const task = this.#deleted.get(id) ?? null;
    this.#edit(id, task?.title ?? "", { kind: "restore", task });
  }

  /** Forgets an edit that was set aside. */
  dismiss(key: string): void {
    this.#publish({ setAside: this.#snapshot.setAside.filter((edit) => edit.key !== key) });
  }

  #shown(id: string): Task | undefined {
    return this.#snapshot.tasks.find((task) => task.id === id);
  }

  #edit(taskId: string, title: string, change: Change): void {
    const { userId, clock, newId } = this.#ports;
    const madeAt = new Date(clock.wall()).toISOString();
    const edit: Edit = { key: newId(), taskId, userId, title, madeAt, change, answer: null };
    this.#ownKeys.add(edit.key);
    this.#replica.edit(edit);
    this.#refresh();
    this.#sender.pump();
  }

  readonly #answered = (edit: Edit, answer: Answer): void => {
    this.#replica.answered(edit.key, answer);
    this.#refresh();
    if (!this.#replica.unsettled) return;
    // Without push the event never comes; with it, it is on its way.
    if (isOpen(this.#state)) this.#late.arm();
    else this.#puller.request();
  };

  readonly #refused = (edit: Edit, reason: string): void => {
    const { queue } = this.#replica;
    // A task that was never made cannot be changed: what was done to it goes with it.
    const lost =
      edit.change.kind === "create" ? queue.filter(({ taskId }) => taskId === edit.taskId) : [edit];
    this.#replica.drop(new Set(lost.map(({ key }) => key)));
    const { key, taskId, title } = edit;
    this.#publish({ setAside: [...this.#snapshot.setAside, { key, taskId, title, reason }] });
    this.#refresh();
  };

  readonly #hear = (message: ServerMessage): void => {
    if (message.type === "task_update") {
      this.#events.add(message);
    } else if (message.type === "ping" && message.heads) {
      this.#events.flush();
      this.#compare(message.heads);
    }
  };

  #compare(heads: Heads): void {
    const { loaded, confirmed } = this.#replica;
    if (!loaded) return;
    switch (standing(confirmed, heads)) {
      case "level":
        break;
      case "short":
        // The heartbeat may have overtaken the events, which say who did it.
        this.#heads = heads;
        this.#short.arm();
        break;
      case "astray":
        this.#puller.request();
        break;
    }
  }

  readonly #reachable = (): void => {
    this.#events.flush();
    this.#puller.kick();
    this.#sender.kick();
  };

  readonly #pulled = (learned: Learned): void => {
    this.#isCurrent ||= isOpen(this.#state) && !this.#puller.isDue;
    this.#learned(learned);
  };

  readonly #learned = ({ news }: Learned): void => {
    for (const event of news) {
      if (event.event === "task.deleted") this.#deleted.set(event.task.id, event.task);
      if (!this.#ownKeys.has(event.mutation)) this.#notices.add(event);
    }
    this.#refresh();
    this.#tell();
    if (!this.#replica.unsettled) this.#late.cancel();
    // Before the first pull is through every event waits, and it is under way.
    if (!this.#replica.waits) this.#gap.cancel();
    else if (this.#replica.loaded) this.#gap.arm();
    this.#sender.pump();
  };

  #tell(): void {
    this.#publish({ connection: describe(this.#state, this.#isCurrent) });
  }

  #refresh(): void {
    const { confirmed, queue, loaded } = this.#replica;
    if (this.#saved !== null && this.#saved !== queue) {
      this.#saved = queue;
      this.#ports.storage.save(this.#ports.userId, queue);
    }
    this.#publish({
      status: loaded ? "ready" : "loading",
      tasks: this.#view(confirmed, queue),
      unsent: unanswered(queue).length,
    });
  }

  #publish(change: Partial<Snapshot>): void {
    const next = { ...this.#snapshot, ...change };
    if (this.#stopped || isSame(this.#snapshot, next)) return;
    this.#snapshot = next;
    this.#ports.changed(next);
  }
}
