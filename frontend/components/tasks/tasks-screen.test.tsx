// @vitest-environment jsdom
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { setUpBrowser } from "@/components/testing/browser";
import { aTask } from "@/lib/tasks/testing";
import { useTaskStore, type ViewTask } from "@/stores/task-store";
import { TasksScreen } from "./tasks-screen";

setUpBrowser();

const view = (id: string, title: string, fields: Partial<ViewTask> = {}): ViewTask => ({
  ...aTask({ id, title, created_at: `2026-02-0${id}T00:00:00.000Z` }),
  pending: false,
  ...fields,
});

const THREE = [view("3", "Bread"), view("2", "Milk"), view("1", "Eggs")];

function open(tasks: ViewTask[] = THREE) {
  useTaskStore.setState({ status: "ready", tasks });
  render(<TasksScreen />);
}

const shows = (tasks: ViewTask[]) => {
  act(() => {
    useTaskStore.setState({ tasks });
  });
};

const rows = () => screen.getAllByRole("listitem").map((row) => row.dataset.task);
const button = (name: string) => screen.getByRole("button", { name });

describe("the list", () => {
  test("takes a new task with Enter, and is ready for the next", async () => {
    const createTask = vi.fn(() => "id");
    useTaskStore.setState({ createTask });
    open([]);
    const field = screen.getByRole<HTMLInputElement>("textbox", { name: "Add a task" });
    await userEvent.type(field, " Buy milk {Enter}");
    expect(createTask).toHaveBeenCalledExactlyOnceWith({ title: "Buy milk", priority: "medium", due: null });
    expect(field.value).toBe("");
    await userEvent.type(field, "  {Enter}");
    expect(createTask).toHaveBeenCalledOnce();
  });

  test("completes and reopens", async () => {
    const completeTask = vi.fn();
    const patchTask = vi.fn();
    useTaskStore.setState({ completeTask, patchTask });
    open([view("2", "Milk"), view("1", "Eggs", { completed: true })]);
    await userEvent.click(screen.getByRole("checkbox", { name: "Complete Milk" }));
    await userEvent.click(screen.getByRole("checkbox", { name: "Reopen Eggs" }));
    expect(completeTask).toHaveBeenCalledExactlyOnceWith("2");
    expect(patchTask).toHaveBeenCalledExactlyOnceWith("1", { completed: false });
  });

  test("hands the focus of a row that leaves to the next one", () => {
    open();
    button("Delete Milk").focus();
    shows(THREE.filter((task) => task.title !== "Milk"));
    expect(document.activeElement).toBe(button("Delete Eggs"));
  });

  test("does not take the focus back from somebody who left", () => {
    open();
    button("Delete Milk").focus();
    button("Delete Milk").blur();
    shows(THREE.filter((task) => task.title !== "Milk"));
    expect(document.activeElement).toBe(document.body);
  });

  test("holds still while a task is edited (CL14)", async () => {
    open();
    await userEvent.click(button("Edit Milk"));
    shows([
      view("4", "Tea"),
      ...THREE.map((task) => (task.id === "2" ? { ...task, completed: true } : task)),
    ]);
    expect(rows()).toEqual(["4", "3", "2", "1"]);
    await userEvent.keyboard("{Escape}");
    expect(rows()).toEqual(["4", "3", "1", "2"]);
    expect(document.activeElement).toBe(button("Edit Milk"));
  });

  test("leads on to the next task when the one that was edited is gone", async () => {
    open();
    await userEvent.click(button("Edit Milk"));
    shows(THREE.filter((task) => task.title !== "Milk"));
    await userEvent.keyboard("{Escape}");
    expect(document.activeElement).toBe(button("Edit Eggs"));
  });

  test("saves what was typed when another task is opened", async () => {
    const patchTask = vi.fn();
    useTaskStore.setState({ patchTask });
    open();
    await userEvent.click(button("Edit Milk"));
    await userEvent.keyboard("!");
    await userEvent.click(button("Edit Eggs"));
    expect(patchTask).toHaveBeenCalledExactlyOnceWith("2", { title: "Milk!" });
    expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Title" }).value).toBe("Eggs");
  });

  test("is searched from anywhere by /, but not while somebody types", async () => {
    open();
    await userEvent.keyboard("/");
    const search = screen.getByRole<HTMLInputElement>("searchbox", { name: "Search tasks" });
    expect(document.activeElement).toBe(search);
    await userEvent.keyboard("n/");
    expect(search.value).toBe("n/");
  });

  test("teaches when it is empty", () => {
    open([]);
    expect(screen.getByRole("heading", { name: "Nothing to do yet" })).toBeDefined();
  });

  test("finds nothing, and shows everything again", async () => {
    open();
    await userEvent.type(screen.getByRole("searchbox"), "zzz");
    await screen.findByRole("heading", { name: "No task matches" });
    await userEvent.click(button("Show all tasks"));
    expect(rows()).toHaveLength(3);
  });

  test("remembers its order on this device", async () => {
    open();
    await userEvent.click(button("Filter and order"));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Order" }), "title");
    expect(localStorage.getItem("tandem.sort")).toBe("title");
    expect(rows()).toEqual(["3", "1", "2"]);
  });
});

test("says that the list is not whole while only unsent edits are there", () => {
  useTaskStore.setState({
    status: "loading",
    tasks: [view("1", "Made offline")],
    connection: { phase: "waiting", retryAt: null, reason: null, attempt: 2 },
  });
  render(<TasksScreen />);
  expect(rows()).toEqual(["1"]);
  expect(screen.getByRole("alert").textContent).toContain("can’t be loaded at the moment");
});

test("a refused edit says why, and can be dismissed (CL9)", async () => {
  const dismiss = vi.fn();
  useTaskStore.setState({
    dismiss,
    setAside: [{ key: "k", taskId: "1", title: "Eggs", reason: "It was deleted." }],
  });
  open();
  expect(screen.getByRole("alert").textContent).toContain("Not saved: EggsIt was deleted.");
  await userEvent.click(button("Dismiss"));
  expect(dismiss).toHaveBeenCalledExactlyOnceWith("k");
});
