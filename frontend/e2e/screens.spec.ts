import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./support/test";

const WITHOUT_SESSION = ["/login", "/register", "/nowhere"];
const WITH_SESSION = ["/tasks", "/settings"];

async function seriousFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious on any screen, ${colorScheme}`, async ({
    user,
    signedIn,
    newBrowser,
    server,
  }) => {
    const visitor = await (await newBrowser()).newPage();
    await visitor.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const path of WITHOUT_SESSION) {
      await visitor.goto(server.url + path);
      await expect(visitor.getByRole("heading", { level: 1 })).toBeVisible();
      expect(await seriousFaults(visitor), path).toEqual([]);
    }
    const { page } = await signedIn(user);
    await user.create("A task");
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const path of WITH_SESSION) {
      await page.goto(server.url + path);
      await expect(page.getByRole("status", { name: "Connection" })).toHaveText("Live");
      expect(await seriousFaults(page), path).toEqual([]);
    }
    await page.goto(`${server.url}/tasks`);
    await page.getByRole("button", { name: "Edit A task" }).click();
    await expect(page.getByLabel("Title", { exact: true })).toBeFocused();
    expect(await seriousFaults(page), "the form").toEqual([]);
  });
}

test("a phone needs no scrolling sideways, and reaches every action", async ({ user, signedIn, server }) => {
  await user.create("A task with a title of which every other word isextraordinarilylong".repeat(3));
  await user.create("Short");
  const tab = await signedIn(user);
  await tab.page.setViewportSize({ width: 360, height: 640 });
  for (const path of [...WITH_SESSION, "/nowhere"]) {
    await tab.page.goto(server.url + path);
    await expect(tab.page.getByRole("heading", { level: 1 })).toBeVisible();
    const width = await tab.page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, path).toBeLessThanOrEqual(360);
  }
  await tab.open();
  await tab.add("On the way");
  await tab.rename("On the way", "On the road");
  await tab.toggle("On the road").click();
  await expect(tab.toggle("On the road")).toBeChecked();
  await tab.remove("On the road");
  await expect(tab.row("On the road")).toBeHidden();
  await tab.page.getByRole("button", { name: "Undo" }).click();
  await expect(tab.row("On the road")).toBeVisible();
});

test("everything works with the keyboard alone", async ({ user, signedIn }) => {
  const tab = await signedIn(user);
  const { keyboard } = tab.page;
  await keyboard.press("n");
  await keyboard.type("By hand");
  await keyboard.press("Enter");
  await expect(tab.row("By hand")).toBeVisible();
  await keyboard.press("Tab");
  await tab.row("By hand").focus();
  await keyboard.press("Enter");
  await keyboard.type(" and by heart");
  await keyboard.press("Enter");
  const row = tab.row("By hand and by heart");
  await expect(row).toBeFocused();
  await expect(row).not.toHaveCSS("outline-style", "none");
  await keyboard.press("Shift+Tab");
  await keyboard.press("Space");
  await expect(tab.toggle("By hand and by heart")).toBeChecked();
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await expect(row).toBeHidden();
  const undo = tab.page.getByRole("button", { name: "Undo" });
  await undo.focus();
  await keyboard.press("Enter");
  await expect(row).toBeVisible();
});

test("an address that leads nowhere says so", async ({ newBrowser, server }) => {
  const page = await (await newBrowser()).newPage();
  const answer = await page.goto(`${server.url}/nowhere`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
});

test("two thousand tasks are shown and searched", async ({ user, signedIn }) => {
  for (let start = 0; start < 2000; start += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => user.create(`Task ${start + i}.`)));
  }
  const tab = await signedIn(user);
  await expect(tab.page.getByText("2000 to do")).toBeVisible();
  await tab.page.getByLabel("Search tasks").fill("1234.");
  await expect(tab.rows).toHaveCount(1);
  await expect(tab.row("Task 1234.")).toBeVisible();
});
