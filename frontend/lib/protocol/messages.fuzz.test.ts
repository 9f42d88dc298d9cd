import fc from "fast-check";
import { describe, expect, it } from "vitest";
import samples from "../../../packages/protocol/src/tandem_protocol/samples.json";
import { parseServerMessage } from "@/lib/protocol/messages";
import { FakeWorld } from "@/lib/testing/fake-network";

const NAMES = ["Hello", "TaskUpdate", "Ping", "Pong", "SocketError", "TokenAccepted", "Reconnect"] as const;
const valid = NAMES.flatMap((name): object[] => samples[name].valid);

/** Real messages with one thing in them broken, at any depth. */
const broken = fc.tuple(fc.constantFrom(...valid), fc.nat(), fc.jsonValue()).map(([sample, at, junk]) => {
  let count = 0;
  return JSON.stringify(sample, (_, value: unknown) => (count++ === (at % 40) + 1 ? junk : value));
});
const text = fc.oneof(fc.string(), fc.json(), broken);

describe("any text from the socket", () => {
  it("is a message or nothing, and never an exception [WS11]", () => {
    fc.assert(
      fc.property(text, (frame) => {
        const message = parseServerMessage(frame);
        if (message !== null) expect(typeof message.type).toBe("string");
      }),
      { numRuns: 2000 },
    );
  });

  it("leaves the client able to arrive at the server's state [WS11 CL5]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(broken, { maxLength: 10 }), async (frames) => {
        const world = new FakeWorld();
        const tab = await world.tab("one");
        for (const frame of frames) tab.sockets.last.sayRaw(frame);
        tab.client.createTask({ title: "Buy groceries" });
        await world.clock.advance(200_000);
        expect(tab.titles).toEqual(["Buy groceries"]);
        expect(tab.now).toMatchObject({ unsent: 0, connection: { phase: "live" } });
      }),
      { numRuns: 100 },
    );
  });
});
