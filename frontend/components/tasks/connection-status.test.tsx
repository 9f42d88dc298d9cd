// @vitest-environment jsdom
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { setUpBrowser } from "@/components/testing/browser";
import { useTaskStore } from "@/stores/task-store";
import { ConnectionStatus } from "./connection-status";

setUpBrowser();
beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

const said = () => screen.getByRole("status", { name: "Connection" }).textContent;

test("counts down to the next attempt, and offers to make it now (CL11)", () => {
  const retryNow = vi.fn();
  useTaskStore.setState({
    retryNow,
    connection: { phase: "waiting", retryAt: 1_008_000, reason: null, attempt: 3 },
  });
  render(<ConnectionStatus />);
  expect(said()).toBe("Reconnecting in 8 s");
  act(() => {
    vi.advanceTimersByTime(3000);
  });
  expect(said()).toBe("Reconnecting in 5 s");
  fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  expect(retryNow).toHaveBeenCalledOnce();
});

test("says what waits while the browser is offline", () => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  useTaskStore.setState({
    unsent: 3,
    connection: { phase: "waiting", retryAt: null, reason: null, attempt: 1 },
  });
  render(<ConnectionStatus />);
  expect(said()).toBe("Offline, 3 waiting");
});
