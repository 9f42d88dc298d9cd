import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import { useTaskStore } from "@/stores/task-store";

/** Gives jsdom what it lacks of a browser, and each test a store of its own. Call it once in a test file. */
export function setUpBrowser(): void {
  const untouched = useTaskStore.getState();

  beforeEach(() => {
    vi.stubGlobal("IntersectionObserver", NeverSeen);
    Element.prototype.scrollIntoView = () => undefined;
    useTaskStore.setState(untouched, true);
  });

  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
    localStorage.clear();
  });
}

class NeverSeen {
  observe(): void {
    // Nothing ever comes near the screen.
  }

  disconnect(): void {
    // There is nothing to end.
  }
}
