import { ApiClient } from "./support/api-client";
import { expect, test } from "./support/test";
import type { Tab } from "./support/tab";

async function seesEverything(acting: Tab, watching: Tab): Promise<void> {
  await acting.add("Buy milk");
  await expect(watching.row("Buy milk")).toBeVisible();
  await expect(watching.toast("Task created: Buy milk")).toHaveAttribute("data-color", "green");

  await acting.rename("Buy milk", "Buy oat milk");
  await expect(watching.row("Buy oat milk")).toBeVisible();
  await expect(watching.toast("Task updated: Buy oat milk")).toHaveAttribute("data-color", "blue");

  await acting.toggle("Buy oat milk").click();
  await expect(watching.toggle("Buy oat milk")).toBeChecked();
  await expect(watching.toast("Task completed: Buy oat milk")).toHaveAttribute("data-color", "green");
  // One's own edits show no toast (CL13).
  await expect(acting.toasts).toHaveCount(0);

  await acting.remove("Buy oat milk");
  await expect(watching.row("Buy oat milk")).toBeHidden();
  await expect(watching.toast("Task deleted: Buy oat milk")).toHaveAttribute("data-color", "orange");
  await expect(acting.toast("Deleted “Buy oat milk”")).toBeVisible();
  await expect(acting.toasts).toHaveCount(1);
  // They leave by themselves.
  await expect(watching.toasts).toHaveCount(0);
}

test("another tab of the browser sees each change at once, with a toast (CL13, F4)", async ({
  user,
  signedIn,
  sameBrowser,
}) => {
  const acting = await signedIn(user);
  await seesEverything(acting, await sameBrowser(acting));
});

test("another browser sees each change at once, with a toast (CL13)", async ({ user, signedIn }) => {
  await seesEverything(await signedIn(user), await signedIn(user));
});

test("a click on a toast leads to the tasks", async ({ user, signedIn }) => {
  const tab = await signedIn(user);
  await tab.page.getByRole("link", { name: "Settings" }).click();
  await expect(tab.page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await user.create("From elsewhere");
  await tab.toast("Task created: From elsewhere").click();
  await expect(tab.page).toHaveURL(/\/tasks$/);
  await expect(tab.row("From elsewhere")).toBeVisible();
});

test("another user sees nothing", async ({ user, signedIn, server }) => {
  const stranger = await ApiClient.register(server.url);
  const mine = await signedIn(user);
  const theirs = await signedIn(stranger);
  await mine.add("Mine alone");
  // The stranger's own task comes after it on the same ways, so that what should not come had its time to.
  await stranger.create("Theirs");
  await expect(theirs.row("Theirs")).toBeVisible();
  await expect(theirs.rows).toHaveCount(1);
  await expect(mine.rows).toHaveCount(1);
});
