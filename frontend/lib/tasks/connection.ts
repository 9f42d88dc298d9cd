/** What of the sync's state the header tells; times are ms since 1970. */
export interface ConnectionFacts {
  phase: "idle" | "connecting" | "catching up" | "live" | "waiting" | "resting" | "stopped";
  retryAt: number | null;
  reason: string | null;
  /** Edits that the server has not confirmed. */
  unsent: number;
  /** What the browser believes of its network. */
  online: boolean;
  /** Whether the person wants live updates. */
  enabled: boolean;
  now: number;
}

/** What the header says. */
export interface ConnectionText {
  tone: "good" | "busy" | "trouble";
  text: string;
  /** Follows the text, and changes every second: not to be read aloud. */
  countdown: string;
  /** Follows the countdown. */
  waiting: string;
  /** The button beside it. */
  action: "Try now" | "Try again" | null;
}

/** Tells the state of the connection honestly: what is saved, what waits, and what happens next. */
export function describeConnection(facts: ConnectionFacts): ConnectionText {
  const waiting = facts.unsent > 0 ? `, ${facts.unsent} waiting` : "";
  const say = (
    tone: ConnectionText["tone"],
    text: string,
    more: Partial<ConnectionText> = {},
  ): ConnectionText => ({
    tone,
    text,
    countdown: "",
    waiting,
    action: null,
    ...more,
  });

  if (!facts.enabled) return say("trouble", "Live updates are off");
  if (facts.phase === "stopped") return say("trouble", `Stopped: ${facts.reason ?? "the server ended it"}`);
  if (facts.phase === "live") {
    return facts.unsent > 0 ? say("busy", `Saving ${facts.unsent}`, { waiting: "" }) : say("good", "Live");
  }
  if (!facts.online) return say("trouble", "Offline");
  if (facts.phase === "resting") return say("trouble", "Resting", { action: "Try again" });
  if (facts.phase === "waiting") {
    const seconds = facts.retryAt === null ? 0 : Math.round((facts.retryAt - facts.now) / 1000);
    return say("busy", "Reconnecting", {
      countdown: seconds > 0 ? ` in ${seconds} s` : "",
      action: "Try now",
    });
  }
  return say("busy", facts.phase === "catching up" ? "Catching up" : "Connecting");
}
