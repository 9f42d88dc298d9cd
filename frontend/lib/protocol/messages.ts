import { isHeads, isNumber, isRecord, isString, isTask, type Fields } from "./guards";
import type { ClientMessage, ServerMessage } from "./types";

/**
 * The fields that this client relies on, by type of message. What is missing here is not ours to read (WS11); what
 * is here and wrong would otherwise end up as `undefined` somewhere in the state.
 */
const READABLE: Record<ServerMessage["type"], (message: Fields) => boolean> = {
  hello: (message) => isNumber(message.protocol) && isNumber(message.heartbeat_interval),
  task_update: (message) =>
    isTask(message.task) &&
    isString(message.event) &&
    EVENTS.has(message.event) &&
    isString(message.space) &&
    isString(message.epoch) &&
    isNumber(message.seq) &&
    isString(message.mutation) &&
    isRecord(message.actor) &&
    isString(message.actor.user_id) &&
    isString(message.actor.name) &&
    isString(message.actor.device),
  ping: (message) => message.heads === undefined || message.heads === null || isHeads(message.heads),
  pong: () => true,
  error: (message) => isString(message.code),
  token_accepted: () => true,
  reconnect: (message) => isNumber(message.after_ms),
};

const EVENTS: ReadonlySet<string> = new Set([
  "task.created",
  "task.updated",
  "task.completed",
  "task.deleted",
]);

/**
 * Reads a text frame of the server.
 *
 * @param text - The frame as it came.
 * @returns The message, or `null` for what this client does not know or cannot read, which it ignores (WS11): the
 *   heads find out what was in it (CL5).
 */
export function parseServerMessage(text: string): ServerMessage | null {
  const message = parseJson(text);
  if (!isRecord(message) || !isString(message.type) || !isKnown(message.type)) return null;
  return READABLE[message.type](message) ? (message as unknown as ServerMessage) : null;
}

/** Writes a message as the text frame that carries it. */
export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isKnown(type: string): type is ServerMessage["type"] {
  return Object.hasOwn(READABLE, type);
}
