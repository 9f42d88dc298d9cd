import { describe, expect, it } from "vitest";
import { FakeClock } from "@/lib/testing/fake-clock";
import { watchWaking } from "./wake";

class FakeDocument extends EventTarget {
  visibilityState: DocumentVisibilityState = "visible";
}

function setUp() {
  const clock = new FakeClock();
  const page = { window: new EventTarget(), document: new FakeDocument() };
  let wakes = 0;
  const stop = watchWaking(page, clock, () => (wakes += 1));
  return { clock, ...page, stop, wakes: () => wakes };
}

function pageshow(persisted: boolean): Event {
  return Object.assign(new Event("pageshow"), { persisted });
}

describe("waking", () => {
  it("is coming online, showing the tab, and a thaw [CL11]", () => {
    const { window, document, wakes } = setUp();
    window.dispatchEvent(new Event("online"));
    expect(wakes()).toBe(1);
    document.visibilityState = "hidden";
    document.dispatchEvent(new Event("visibilitychange"));
    expect(wakes()).toBe(1);
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    expect(wakes()).toBe(2);
    document.dispatchEvent(new Event("resume"));
    expect(wakes()).toBe(3);
  });

  it("is the return of a page from the back/forward cache, and not its first showing [CL11 F10]", () => {
    const { window, wakes } = setUp();
    window.dispatchEvent(pageshow(false));
    expect(wakes()).toBe(0);
    window.dispatchEvent(pageshow(true));
    expect(wakes()).toBe(1);
  });

  it("is a jump of the wall clock, which is how a laptop's sleep looks [CL12 F10]", async () => {
    const { clock, wakes } = setUp();
    await clock.advance(60_000);
    expect(wakes()).toBe(0);
    clock.sleep(3_600_000);
    await clock.advance(5_000);
    expect(wakes()).toBe(1);
    await clock.advance(60_000);
    expect(wakes()).toBe(1);
  });

  it("ends when it is told to", async () => {
    const { clock, window, stop, wakes } = setUp();
    stop();
    window.dispatchEvent(new Event("online"));
    clock.sleep(3_600_000);
    await clock.advance(60_000);
    expect(wakes()).toBe(0);
    expect(clock.timers).toBe(0);
  });
});
