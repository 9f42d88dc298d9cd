import type { Authenticated, Changes, ServerInfo, SessionList, Task, TaskDeleted, User } from "./types";

/** An object of JSON, nothing of which has been looked at. */
export type Fields = Record<string, unknown>;

/** The heads of a heartbeat, by space. */
export function isHeads(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.values(value).every((head) => isRecord(head) && isString(head.epoch) && isNumber(head.head))
  );
}

/** The fields of a task that this client relies on. */
export function isTask(value: unknown): value is Task {
  return (
    isRecord(value) &&
    isString(value.id) &&
    isString(value.space) &&
    isNumber(value.seq) &&
    isString(value.title) &&
    isString(value.description) &&
    isString(value.priority) &&
    typeof value.completed === "boolean"
  );
}

/** The answer to a deletion; a task, too, has all that a write answers (WR5). */
export function isTaskDeleted(value: unknown): value is TaskDeleted {
  return isRecord(value) && isString(value.id) && isString(value.space) && isNumber(value.seq);
}

/** An answer of the change feed (FD1). */
export function isChanges(value: unknown): value is Changes {
  return (
    isRecord(value) &&
    isString(value.cursor) &&
    typeof value.more === "boolean" &&
    Array.isArray(value.spaces) &&
    value.spaces.every(isSpaceChanges)
  );
}

function isSpaceChanges(value: unknown): boolean {
  return (
    isRecord(value) &&
    isString(value.id) &&
    isString(value.epoch) &&
    isNumber(value.head) &&
    isNumber(value.through) &&
    typeof value.reset === "boolean" &&
    Array.isArray(value.tasks) &&
    value.tasks.every(isTask) &&
    Array.isArray(value.deleted) &&
    value.deleted.every(isString)
  );
}

/** An account. */
export function isUser(value: unknown): value is User {
  return isRecord(value) && isString(value.id) && isString(value.email) && isString(value.name);
}

/** A session that has just been opened or renewed. */
export function isAuthenticated(value: unknown): value is Authenticated {
  return (
    isRecord(value) &&
    isUser(value.user) &&
    isString(value.session_id) &&
    isString(value.access_token) &&
    isNumber(value.expires_in)
  );
}

/** The devices on which a user is signed in. */
export function isSessionList(value: unknown): value is SessionList {
  return (
    isRecord(value) &&
    Array.isArray(value.sessions) &&
    value.sessions.every((session) => isRecord(session) && isString(session.id) && isString(session.device))
  );
}

/** What anybody may know of the server. */
export function isServerInfo(value: unknown): value is ServerInfo {
  return isRecord(value) && isString(value.version) && typeof value.registration_open === "boolean";
}

/** The body of an answer that has none. */
export function isNothing(value: unknown): value is undefined {
  return value === undefined;
}

/** A JSON object. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON string. */
export function isString(value: unknown): value is string {
  return typeof value === "string";
}

/** A JSON number; one that is too large for this language is none. */
export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}
