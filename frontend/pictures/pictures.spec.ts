import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { Task } from "@/lib/protocol/types";
import { expect, test } from "../e2e/support/test";

/** Where pictures of every screen go, to be looked at; the README's goes to where the README has it. */
const FOLDER = fileURLToPath(new URL("../test-results/pictures", import.meta.url));
const IMAGES = fileURLToPath(new URL("../../docs/images", import.meta.url));
const DAY = { kind: "day", date: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) } as const;

const TASKS: readonly (Partial<Task> & { title: string })[] = [
  { title: "Water the tomatoes" },
  { title: "Book the train to Vienna", priority: "high", due: DAY },
  { title: "Ask Grace for the slides", description: "The ones with the two clocks" },
  { title: "Renew the passport", priority: "urgent" },
];

test("pictures of every screen, and of two browsers side by side", async ({ user, signedIn, newBrowser }) => {
  await mkdir(FOLDER, { recursive: true });
  for (const task of TASKS) await user.create(task.title, task);
  const one = await signedIn(user);
  const two = await signedIn(user);
  for (const { page } of [one, two]) await page.setViewportSize({ width: 640, height: 560 });
  await one.page.bringToFront();
  await one.toggle("Water the tomatoes").click();
  await one.add("Buy groceries");
  await expect(two.toast("Buy groceries")).toBeVisible();
  const shots = await Promise.all([one, two].map(({ page }) => page.screenshot()));
  const canvas = await (await newBrowser()).newPage();
  await canvas.setViewportSize({ width: 1400, height: 640 });
  await canvas.setContent(
    `<body style="margin:0;display:flex;gap:40px;padding:40px;background:#dfe3ee">${shots
      .map(
        (shot) =>
          `<img style="border-radius:12px;box-shadow:0 8px 30px #0003" src="data:image/png;base64,${shot.toString("base64")}">`,
      )
      .join("")}</body>`,
  );
  await canvas.screenshot({ path: join(IMAGES, "two-tabs.png") });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [320, 768, 1440]) {
      await shoot(one.page, "/tasks", width, colorScheme);
      await shoot(one.page, "/settings", width, colorScheme);
      const visitor = await (await newBrowser()).newPage();
      await shoot(visitor, new URL("/login", one.page.url()).href, width, colorScheme);
      await shoot(visitor, new URL("/register", one.page.url()).href, width, colorScheme);
    }
  }
});

async function shoot(page: Page, path: string, width: number, colorScheme: "light" | "dark"): Promise<void> {
  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  const url = path.startsWith("/") ? new URL(path, page.url()).href : path;
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  if (path.startsWith("/")) await expect(page.getByRole("status", { name: "Connection" })).toHaveText("Live");
  const name = `${new URL(url).pathname.slice(1)}-${width}-${colorScheme}.png`;
  await page.screenshot({ path: join(FOLDER, name), fullPage: true });
}
