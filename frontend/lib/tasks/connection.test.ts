import { describe, expect, test } from "vitest";
import { describeConnection, type ConnectionFacts } from "./connection";

const facts: ConnectionFacts = {
  phase: "live",
  retryAt: null,
  reason: null,
  unsent: 0,
  online: true,
  enabled: true,
  now: 1_000_000,
};

function says(more: Partial<ConnectionFacts>): string {
  const { text, countdown, waiting, action } = describeConnection({ ...facts, ...more });
  return `${text}${countdown}${waiting}${action === null ? "" : ` [${action}]`}`;
}

describe("the header says (CL11)", () => {
  test.each<[Partial<ConnectionFacts>, string]>([
    [{}, "Live"],
    [{ unsent: 3 }, "Saving 3"],
    [{ phase: "idle" }, "Connecting"],
    [{ phase: "catching up" }, "Catching up"],
    [{ phase: "connecting", unsent: 1 }, "Connecting, 1 waiting"],
    [{ phase: "waiting", retryAt: 1_008_000 }, "Reconnecting in 8 s [Try now]"],
    [{ phase: "waiting", retryAt: 1_008_000, unsent: 2 }, "Reconnecting in 8 s, 2 waiting [Try now]"],
    [{ phase: "waiting", retryAt: 999_000 }, "Reconnecting [Try now]"],
    [{ phase: "waiting", retryAt: 1_008_000, online: false, unsent: 3 }, "Offline, 3 waiting"],
    [{ phase: "resting", unsent: 3 }, "Resting, 3 waiting [Try again]"],
    [{ phase: "stopped", reason: "Too many connections" }, "Stopped: Too many connections"],
    [{ phase: "idle", enabled: false }, "Live updates are off"],
  ])("%j: %s", (more, text) => {
    expect(says(more)).toBe(text);
  });
});
