// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { setUpBrowser } from "@/components/testing/browser";
import { aTask } from "@/lib/tasks/testing";
import { useTaskStore, type ViewTask } from "@/stores/task-store";
import { TaskEditor } from "./task-editor";

setUpBrowser();

const base: ViewTask = { ...aTask({ title: "Buy milk" }), pending: false };

function open(current: ViewTask | null = base) {
  const calls = { patchTask: vi.fn(), restoreTask: vi.fn(), onClose: vi.fn() };
  useTaskStore.setState({ patchTask: calls.patchTask, restoreTask: calls.restoreTask });
  const { rerender } = render(<TaskEditor base={base} current={current} onClose={calls.onClose} />);
  return {
    ...calls,
    title: screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Title" }),
    becomes: (next: ViewTask | null) => {
      rerender(<TaskEditor base={base} current={next} onClose={calls.onClose} />);
    },
  };
}

describe("while a task is edited", () => {
  test("a remote change moves neither text nor caret, and is told (CL14, F15)", async () => {
    const { title, becomes } = open();
    await userEvent.type(title, "Oat ", { initialSelectionStart: 4, initialSelectionEnd: 4 });
    becomes({ ...base, title: "Buy bread", priority: "low" });
    expect(title.value).toBe("Buy Oat milk");
    expect(title.selectionStart).toBe(8);
    expect(screen.getByRole("status", { name: "Changed elsewhere" }).textContent).toContain(
      "title, priority",
    );
  });

  test("saving sends only what was changed (WR2)", async () => {
    const { patchTask, onClose, becomes } = open();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Priority" }), "high");
    becomes({ ...base, title: "Buy bread" });
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(patchTask.mock.calls).toEqual([[base.id, { priority: "high" }]]);
    expect(onClose).toHaveBeenCalledOnce();
  });

  test("saving without a change sends nothing", async () => {
    const { patchTask, onClose, title } = open();
    await userEvent.type(title, "{Enter}");
    expect(patchTask).not.toHaveBeenCalled();
    expect(onClose).toHaveBeenCalledOnce();
  });

  test("a deletion elsewhere keeps what was typed; saving it brings the task back (WR3)", async () => {
    const { patchTask, restoreTask, title, becomes } = open();
    await userEvent.type(title, "!");
    becomes(null);
    expect(title.value).toBe("Buy milk!");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(restoreTask).toHaveBeenCalledExactlyOnceWith(base.id);
    expect(patchTask).toHaveBeenCalledExactlyOnceWith(base.id, { title: "Buy milk!" });
  });

  test("Escape changes nothing", async () => {
    const { patchTask, onClose, title } = open();
    await userEvent.type(title, "!{Escape}");
    expect(onClose).toHaveBeenCalledOnce();
    expect(patchTask).not.toHaveBeenCalled();
  });

  test("a task without a title is not saved", async () => {
    const { onClose, title } = open();
    await userEvent.clear(title);
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(screen.getByRole("alert").textContent).toBe("A task needs a title.");
    expect(onClose).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(title);
  });
});
