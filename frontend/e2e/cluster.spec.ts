import { newCredentials } from "./support/api-client";
import { Cluster } from "./support/cluster";
import { Tab } from "./support/tab";
import { expect, test as base } from "./support/test";

/** Browsers of one user whose sockets are at different websocket services, behind real Dapr. */
const test = base.extend<{ pair: [Tab, Tab] }, { cluster: Cluster }>({
  cluster: [
    async ({}, provide) => {
      const cluster = await Cluster.start();
      await provide(cluster);
      await cluster.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  pair: async ({ cluster, newBrowser }, provide) => {
    const credentials = newCredentials();
    const one = new Tab(await (await newBrowser()).newPage(), cluster.replica(0));
    const two = new Tab(await (await newBrowser()).newPage(), cluster.replica(1));
    await one.register(credentials);
    await two.signIn(credentials);
    await provide([one, two]);
  },
});

// Its certificates are of an authority that it has made itself.
test.use({ ignoreHTTPSErrors: true });

test("browsers at different replicas see each other's changes (EV1, CL13)", async ({ pair: [one, two] }) => {
  await one.add("Buy milk");
  await expect(two.row("Buy milk")).toBeVisible();
  await expect(two.toast("Task created: Buy milk")).toBeVisible();
  await two.rename("Buy milk", "Buy oat milk");
  await expect(one.row("Buy oat milk")).toBeVisible();
  await one.toggle("Buy oat milk").click();
  await expect(two.toggle("Buy oat milk")).toBeChecked();
  await two.remove("Buy oat milk");
  await expect(one.rows).toHaveCount(0);
});

test("what was missed offline is there when the browser is back (CL5)", async ({ pair: [one, two] }) => {
  await two.setOffline(true);
  await one.add("Missed");
  await two.setOffline(false);
  await expect(two.row("Missed")).toBeVisible();
  await two.isLive();
});

test("signing out everywhere reaches the other replica (AU5)", async ({ pair: [one, two] }) => {
  await one.page.getByRole("link", { name: "Settings" }).click();
  await one.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(two.page).toHaveURL(/\/login$/);
  await expect(two.page.getByText("Your session has ended. Please sign in again.")).toBeVisible();
});
