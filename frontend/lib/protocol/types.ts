/**
 * Short names for the generated types of the wire format.
 *
 * The generator marks constants with a default (`type`) as optional, because a *sender* may leave them out. We read
 * them, so they are there.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];
type Received<T extends { type?: string }> = T & Required<Pick<T, "type">>;

export type Task = Schemas["Task"];
export type Due = Task["due"];
export type Priority = Schemas["Priority"];
export type TaskCreate = Schemas["TaskCreate"];
export type TaskPatch = Schemas["TaskPatch"];
export type TaskDeleted = Schemas["TaskDeleted"];
export type Changes = Schemas["Changes"];
export type SpaceChanges = Schemas["SpaceChanges"];
export type SpaceHead = Schemas["SpaceHead"];
export type Heads = Readonly<Record<string, SpaceHead>>;

export type User = Schemas["User"];
export type Authenticated = Schemas["Authenticated"];
export type Session = Schemas["Session"];
export type SessionList = Schemas["SessionList"];
export type ServerInfo = Schemas["ServerInfo"];
export type Problem = Schemas["Problem"];
export type ProblemCode = Schemas["ProblemCode"];

export type Hello = Received<Schemas["Hello"]>;
export type TaskUpdate = Received<Schemas["TaskUpdate"]>;
export type Ping = Received<Schemas["Ping"]>;
export type Pong = Received<Schemas["Pong"]>;
export type SocketError = Received<Schemas["SocketError"]>;
export type TokenAccepted = Received<Schemas["TokenAccepted"]>;
export type Reconnect = Received<Schemas["Reconnect"]>;

/** What the server says over the socket. */
export type ServerMessage = Hello | TaskUpdate | Ping | Pong | SocketError | TokenAccepted | Reconnect;

/** What a client says over the socket. */
export type ClientMessage = Schemas["ClientPing"] | Schemas["ClientPong"] | Schemas["ClientToken"];
