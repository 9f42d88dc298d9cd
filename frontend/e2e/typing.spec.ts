import type { Locator } from "@playwright/test";
import { expect, test } from "./support/test";

function selection(field: Locator): Promise<readonly (number | null)[]> {
  return field.evaluate((element) =>
    element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement
      ? [element.selectionStart, element.selectionEnd]
      : [],
  );
}

async function select(field: Locator, from: number, to: number): Promise<void> {
  await field.evaluate(
    (element, [start, end]) => {
      if (element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement)
        element.setSelectionRange(start, end);
    },
    [from, to] as const,
  );
}

test("a remote change leaves what is typed in the form alone, and both edits survive (F15, CL14, WR2)", async ({
  user,
  signedIn,
}) => {
  const { id } = await user.create("Write the letter");
  const tab = await signedIn(user);
  await tab.row("Write the letter").click();
  const title = tab.page.getByLabel("Title", { exact: true });
  await title.fill("Write the long letter");
  await select(title, 10, 14);
  await user.patch(id, { description: "Said elsewhere", priority: "urgent" });
  await expect(tab.page.getByRole("status", { name: "Changed elsewhere" })).toContainText("description");
  await expect(title).toHaveValue("Write the long letter");
  await expect(title).toBeFocused();
  expect(await selection(title)).toEqual([10, 14]);

  const sent = tab.page.waitForRequest((request) => request.method() === "PATCH");
  await title.press("Enter");
  expect((await sent).postDataJSON()).toEqual({ title: "Write the long letter" });
  await expect(tab.row("Write the long letter")).toContainText("Said elsewhere");
  await expect
    .poll(async () => (await user.tasks())[0])
    .toMatchObject({ title: "Write the long letter", description: "Said elsewhere", priority: "urgent" });
});

test("a remote change leaves what is typed in the field for new tasks alone (F15, CL14)", async ({
  user,
  signedIn,
}) => {
  const tab = await signedIn(user);
  const field = tab.page.getByLabel("Add a task");
  await field.fill("Half a thought");
  await select(field, 2, 6);
  await user.create("From elsewhere");
  await expect(tab.row("From elsewhere")).toBeVisible();
  await expect(field).toHaveValue("Half a thought");
  await expect(field).toBeFocused();
  expect(await selection(field)).toEqual([2, 6]);
});
