import { isChanges, isTaskDeleted } from "@/lib/protocol/guards";
import type { TaskCreate } from "@/lib/protocol/types";
import type { Edit } from "@/lib/sync/edits";
import type { Remote } from "@/lib/sync/remote";
import type { Authorized } from "./authorized";
import type { Call } from "./http";
import { route } from "./route";

/** What an edit is in HTTP. */
type Write = Pick<Call<unknown>, "method" | "path" | "body">;

/** Makes the engine's server from the API of a user's tasks. */
export function createRemote(send: Authorized, userId: string): Remote {
  const user = { user_id: userId };
  return {
    changes: (cursor) => {
      const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      return send({ method: "GET", path: route("/api/{user_id}/changes", user) + query, reads: isChanges });
    },
    write: (edit) =>
      send({ ...write(edit, userId), headers: { "idempotency-key": edit.key }, reads: isTaskDeleted }),
    find: (taskId) => {
      const path = route("/api/{user_id}/tasks/{task_id}", { ...user, task_id: taskId });
      return send({ method: "GET", path, reads: isTaskDeleted });
    },
  };
}

function write(edit: Edit, userId: string): Write {
  const { change } = edit;
  const task = { user_id: userId, task_id: edit.taskId };
  switch (change.kind) {
    case "create": {
      const body: TaskCreate = { id: edit.taskId, ...change.task };
      return { method: "POST", path: route("/api/{user_id}/tasks", task), body };
    }
    case "patch":
      return { method: "PATCH", path: route("/api/{user_id}/tasks/{task_id}", task), body: change.patch };
    case "delete":
      return { method: "DELETE", path: route("/api/{user_id}/tasks/{task_id}", task) };
    case "restore":
      return { method: "POST", path: route("/api/{user_id}/tasks/{task_id}/restore", task) };
  }
}
