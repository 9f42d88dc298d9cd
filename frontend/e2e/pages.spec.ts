import { expect, test } from "./support/test";

// That nothing is written to the console, of a broken policy for instance, is checked at the end of every test.
test("every page works when it is loaded again", async ({ user, signedIn, newBrowser, server }) => {
  const visitor = await (await newBrowser()).newPage();
  for (const path of ["/login", "/register", "/nowhere"]) {
    await visitor.goto(server.url + path);
    await visitor.reload();
    await expect(visitor.getByRole("heading", { level: 1 })).toBeVisible();
  }
  const tab = await signedIn(user);
  for (const path of ["/tasks", "/settings"]) {
    await tab.page.goto(server.url + path);
    await tab.page.reload();
    await tab.isLive();
  }
});

test("going from page to page keeps the socket and the list", async ({ user, signedIn, server }) => {
  await user.create("Here all the time");
  const tab = await signedIn(user);
  const opened: string[] = [];
  tab.page.on("websocket", (socket) => opened.push(socket.url()));
  await tab.page.getByRole("link", { name: "Settings" }).click();
  await expect(tab.page).toHaveURL(`${server.url}/settings`);
  await tab.isLive();
  await tab.page.getByRole("link", { name: "Tasks", exact: true }).click();
  await expect(tab.row("Here all the time")).toBeVisible();
  expect(opened).toEqual([]);
});
