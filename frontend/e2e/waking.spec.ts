import { expect, test } from "./support/test";

// Long enough that no heartbeat comes in this test: what heals is the waking alone.
test.use({ settings: { HEARTBEAT_INTERVAL: "3600" } });

test("a page that comes back from the back/forward cache looks after its socket (F10, CL11, CL12)", async ({
  user,
  signedIn,
  wire,
}) => {
  const tab = await signedIn(user, wire.url);
  const replaced = tab.page.waitForEvent("websocket");
  wire.silence();
  await user.create("While it slept");
  await tab.page.evaluate(() => {
    window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });
  await replaced;
  await expect(tab.row("While it slept")).toBeVisible();
  await tab.isLive();
});
