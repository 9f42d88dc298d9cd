import { isChanges, isTaskDeleted } from "@/lib/protocol/guards";
import type { Change, Edit } from "@/lib/sync/edits";
import type { Remote } from "@/lib/sync/remote";
import type { Authorized } from "./authorized";
import type { Call } from "./http";

/** What an edit is in HTTP. */
type Write = Pick<Call<unknown>, "method" | "path" | "body">;

/** Makes the engine's server from the API of a user's tasks. */
export function createRemote(send: Authorized, userId: string): Remote {
  const root = `/api/${encodeURIComponent(userId)}`;
  return {
    changes: (cursor) => {
      const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      return send({ method: "GET", path: `${root}/changes${query}`, reads: isChanges });
    },
    write: (edit) =>
      send({
        ...write(`${root}/tasks`, edit),
        headers: { "idempotency-key": edit.key },
        reads: isTaskDeleted,
      }),
    find: (taskId) => send({ method: "GET", path: one(`${root}/tasks`, taskId), reads: isTaskDeleted }),
  };
}

function write(tasks: string, edit: Edit): Write {
  const path = one(tasks, edit.taskId);
  const change: Change = edit.change;
  switch (change.kind) {
    case "create":
      return { method: "POST", path: tasks, body: { id: edit.taskId, ...change.task } };
    case "patch":
      return { method: "PATCH", path, body: change.patch };
    case "delete":
      return { method: "DELETE", path };
    case "restore":
      return { method: "POST", path: `${path}/restore` };
  }
}

function one(tasks: string, id: string): string {
  return `${tasks}/${encodeURIComponent(id)}`;
}
