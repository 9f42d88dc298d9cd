import { describe, expect, it } from "vitest";
import samples from "../../../packages/protocol/src/tandem_protocol/samples.json";
import { encodeClientMessage, parseServerMessage } from "./messages";

const FROM_SERVER = [
  "Hello",
  "TaskUpdate",
  "Ping",
  "Pong",
  "SocketError",
  "TokenAccepted",
  "Reconnect",
] as const;
const FROM_CLIENT = ["ClientPing", "ClientPong", "ClientToken"] as const;

describe("parseServerMessage", () => {
  it.each(FROM_SERVER)("reads every golden sample of %s as it is", (name) => {
    for (const sample of samples[name].valid) {
      expect(parseServerMessage(JSON.stringify(sample))).toEqual(sample);
    }
  });

  it.each(["Hello", "TaskUpdate", "Pong", "Reconnect"] as const)("ignores broken samples of %s", (name) => {
    for (const sample of samples[name].invalid) {
      expect(parseServerMessage(JSON.stringify(sample))).toBeNull();
    }
  });

  it("ignores what it does not know [WS11]", () => {
    for (const text of ['{"type":"presence"}', '{"type":"toString"}', "[]", "null", "1", "{}", "{", ""]) {
      expect(parseServerMessage(text)).toBeNull();
    }
  });

  it("keeps messages that have fields it does not know [WS11]", () => {
    expect(parseServerMessage('{"type":"pong","colour":"green"}')).toMatchObject({ type: "pong" });
  });

  it("takes a heartbeat without heads [WS2]", () => {
    expect(parseServerMessage('{"type":"ping","timestamp":null}')).toMatchObject({ type: "ping" });
  });
});

describe("encodeClientMessage", () => {
  it.each(FROM_CLIENT)("writes the golden samples of %s", (name) => {
    for (const sample of samples[name].valid) {
      const message = sample as Parameters<typeof encodeClientMessage>[0];
      expect(JSON.parse(encodeClientMessage(message))).toEqual(sample);
    }
  });
});
