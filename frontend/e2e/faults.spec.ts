import { expect, test } from "./support/test";
import { Tab } from "./support/tab";

test.use({ settings: { HEARTBEAT_INTERVAL: "1" } });

test("both tabs come back by themselves after kill -9, with what happened meanwhile (F11, CL4)", async ({
  user,
  signedIn,
  server,
}) => {
  const one = await signedIn(user);
  const two = await signedIn(user);
  await server.kill();
  await expect(one.status).toHaveText(/^(Reconnecting|Connecting)/);
  await expect(two.status).toHaveText(/^(Reconnecting|Connecting)/);
  await one.add("While it was down");
  await expect(one.status).toContainText("1 waiting");
  await server.launch();
  await user.create("While they were away");
  for (const tab of [one, two]) {
    await tab.isLive();
    await expect(tab.row("While they were away")).toBeVisible();
    await expect(tab.row("While it was down")).toBeVisible();
    await expect(tab.rows).toHaveCount(2);
  }
});

test("a socket that dies without a close is noticed and replaced (F10, CL12)", async ({
  user,
  signedIn,
  wire,
}) => {
  const tab = await signedIn(user, wire.url);
  const replaced = tab.page.waitForEvent("websocket");
  wire.silence();
  await user.create("Said into the void");
  await replaced;
  await expect(tab.row("Said into the void")).toBeVisible();
  await tab.isLive();
});

test("the last event may get lost: heads heal it (F21, CL5)", async ({ user, newBrowser, server }) => {
  const tab = new Tab(await (await newBrowser()).newPage(), server.url);
  let dropped = 0;
  await tab.page.routeWebSocket(/\/ws\//, (socket) => {
    socket.connectToServer().onMessage((message) => {
      if (message.includes('"task_update"')) dropped += 1;
      else socket.send(message);
    });
  });
  await tab.signIn(user.credentials);
  await user.create("Never told");
  await expect(tab.row("Never told")).toBeVisible();
  expect(dropped).toBe(1);
});

test("after a restored backup the tabs show what the server has (F22, CL5)", async ({
  user,
  signedIn,
  server,
}) => {
  await user.create("In the backup");
  // Signed in before: sessions are in the backup as well.
  const one = await signedIn(user);
  const two = await signedIn(user);
  await server.kill();
  await server.backUp();
  await server.launch();
  await one.isLive();
  await two.isLive();
  await one.add("Later than the backup");
  await expect(two.row("Later than the backup")).toBeVisible();
  await one.isLive();
  await server.kill();
  await server.putBack();
  await server.launch();
  for (const tab of [one, two]) {
    await expect(tab.row("Later than the backup")).toBeHidden();
    await expect(tab.row("In the backup")).toBeVisible();
    await tab.isLive();
  }
});

test("the answer to a create is lost: its event says as much, one task in the end (F6, CL8)", async ({
  user,
  signedIn,
}) => {
  const one = await signedIn(user);
  const two = await signedIn(user);
  const lost = await loseAnAnswer(one);
  await one.add("Only once");
  await expect(two.row("Only once")).toBeVisible();
  await one.isLive();
  await expect(one.rows).toHaveCount(1);
  await expect(two.rows).toHaveCount(1);
  expect(lost()).toBe(1);
  expect(await user.tasks()).toHaveLength(1);
});

test("the answer to a create is lost, and its event: it is sent again, one task in the end (F6, CL8, CL10)", async ({
  user,
  newBrowser,
  server,
}) => {
  const tab = new Tab(await (await newBrowser()).newPage(), server.url);
  await tab.page.routeWebSocket(/\/ws\//, (socket) => {
    socket.connectToServer().onMessage((message) => {
      if (!message.includes('"task_update"')) socket.send(message);
    });
  });
  await tab.signIn(user.credentials);
  const lost = await loseAnAnswer(tab);
  const again = tab.page.waitForResponse(
    (r) => r.request().method() === "POST" && r.url().endsWith("/tasks"),
  );
  await tab.add("Only once");
  expect((await again).headers()["idempotency-replayed"]).toBe("true");
  await tab.isLive();
  await expect(tab.rows).toHaveCount(1);
  expect(lost()).toBe(1);
  expect(await user.tasks()).toHaveLength(1);
});

/** Lets the next create reach the server and its answer get lost; returns how many were. */
async function loseAnAnswer(tab: Tab): Promise<() => number> {
  let lost = 0;
  await tab.page.route("**/tasks", async (route) => {
    if (route.request().method() !== "POST" || lost > 0) {
      await route.fallback();
      return;
    }
    lost += 1;
    await route.fetch();
    await route.abort();
  });
  return () => lost;
}

test("edits made offline wait, and are saved once online (F13, CL11)", async ({ user, signedIn }) => {
  const one = await signedIn(user);
  const two = await signedIn(user);
  await one.setOffline(true);
  await expect(one.status).toContainText("Offline");
  await one.add("Written in a tunnel");
  await expect(one.status).toContainText("Offline, 1 waiting");
  await expect(one.page.getByText("Not saved yet")).toBeVisible();
  await one.setOffline(false);
  await expect(two.row("Written in a tunnel")).toBeVisible();
  await one.isLive();
});

test("a refused edit is shown with its reason and blocks nothing (F3, CL9)", async ({ user, signedIn }) => {
  const task = await user.create("Doomed");
  const tab = await signedIn(user);
  await tab.setOffline(true);
  await tab.rename("Doomed", "Renamed too late");
  await tab.add("Behind it");
  await user.remove(task.id);
  await tab.setOffline(false);
  const refused = tab.page.getByRole("region", { name: "Not saved" });
  await expect(refused).toContainText("Doomed");
  await tab.isLive();
  expect((await user.tasks()).map(({ title }) => title)).toEqual(["Behind it"]);
  await refused.getByRole("button", { name: "Dismiss" }).click();
  await expect(refused).toBeHidden();
});
