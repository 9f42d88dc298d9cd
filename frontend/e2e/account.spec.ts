import { newCredentials } from "./support/api-client";
import { Tab } from "./support/tab";
import { expect, test } from "./support/test";

test("register, sign out, a wrong password, sign in", async ({ newBrowser, server }) => {
  const page = await (await newBrowser()).newPage();
  const { email, password } = newCredentials();
  const tab = new Tab(page, server.url);
  await tab.register({ email, password });

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL(/\/login$/);

  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.locator("form").getByRole("alert")).toBeVisible();
  await expect(page).toHaveURL(/\/login$/);
  await tab.signIn({ email, password });
});

test("signing out everywhere leads the other browser to the sign-in page, once, with a reason (AU5, CL15, F14)", async ({
  user,
  signedIn,
}) => {
  const one = await signedIn(user);
  const two = await signedIn(user);
  const asked: string[] = [];
  await one.page.getByRole("link", { name: "Settings" }).click();
  two.page.on("request", (request) => asked.push(request.url()));
  await one.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(one.page).toHaveURL(/\/login$/);
  await expect(two.page).toHaveURL(/\/login$/);
  await expect(two.page.getByText("Your session has ended. Please sign in again.")).toBeVisible();
  await two.page.waitForLoadState("networkidle");
  expect(asked.filter((url) => url.includes("/api/auth/refresh")).length).toBeLessThan(3);
  // The first visit after that finds out that the cookie is no good, and loses it; the next one knows of nothing.
  const told = two.page.waitForResponse("**/api/auth/refresh");
  await two.page.reload();
  expect((await told).status()).toBe(401);
  await expect(two.page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  await two.page.reload();
  await expect(two.page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  await expect(two.page.getByText("Your session has ended. Please sign in again.")).toBeHidden();
});

test("a session that ended while the tab was away leads to the sign-in page (F14, CL15)", async ({
  user,
  signedIn,
}) => {
  const tab = await signedIn(user);
  await tab.setOffline(true);
  await user.signOutEverywhere();
  const asked: string[] = [];
  tab.page.on("request", (request) => asked.push(request.url()));
  await tab.setOffline(false);
  await expect(tab.page).toHaveURL(/\/login$/);
  await expect(tab.page.getByText("Your session has ended. Please sign in again.")).toBeVisible();
  await tab.page.waitForLoadState("networkidle");
  expect(asked.filter((url) => url.includes("/api/")).length).toBeLessThan(10);
});

test("settings: name, theme, devices, password (AU5)", async ({ user, signedIn }) => {
  const { page } = await signedIn(user);
  const other = await signedIn(user);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Name").fill("Countess");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Your name is saved.")).toBeVisible();

  await page.getByText("Dark", { exact: true }).click();
  await expect(page.locator("html")).toHaveClass(/dark/);
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/dark/);
  await expect(page.getByLabel("Name")).toHaveValue("Countess");

  // This one, the other browser, and the client that registered.
  await expect(page.getByRole("list", { name: "Devices" }).getByRole("listitem")).toHaveCount(3);
  await page.getByLabel("Current password").fill(user.credentials.password);
  await page.getByLabel("New password").fill("another long password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await expect(page.getByRole("list", { name: "Devices" }).getByRole("listitem")).toHaveCount(1);
  await expect(other.page).toHaveURL(/\/login$/);
});
