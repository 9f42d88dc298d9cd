// @vitest-environment jsdom
import { act, render, screen } from "@testing-library/react";
import { Toaster } from "sonner";
import { beforeEach, expect, test, vi } from "vitest";
import { setUpBrowser } from "@/components/testing/browser";
import { publishNotice } from "@/stores/task-store";
import { NotificationToast } from "./notification-toast";

setUpBrowser();
beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }));
});

test("tells of others' changes in their colour, and leads to the tasks (CL13)", async () => {
  render(
    <>
      <NotificationToast />
      <Toaster />
    </>,
  );
  act(() => {
    publishNotice({ kind: "deleted", taskIds: ["a"], title: "Buy milk", count: 1, who: "Firefox on Linux" });
  });
  const text = await screen.findByText("Task deleted: Buy milk");
  expect(text.closest("[data-color]")?.getAttribute("data-color")).toBe("orange");
  expect(screen.getByText("by Firefox on Linux")).toBeDefined();
  expect(text.closest("a")?.getAttribute("href")).toBe("/tasks");
});
