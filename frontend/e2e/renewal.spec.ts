import { expect, test } from "./support/test";

test.use({ settings: { TANDEM_ACCESS_TOKEN_SECONDS: "6" } });

test("an access token that runs out is renewed and nobody notices (F14, AU3, CL15)", async ({
  user,
  signedIn,
}) => {
  const tab = await signedIn(user);
  for (const title of ["First", "Second"]) {
    await tab.page.waitForResponse((r) => r.url().endsWith("/api/auth/refresh") && r.ok());
    await tab.add(title);
    await tab.isLive();
  }
  const other = await signedIn(user);
  await expect(other.rows).toHaveCount(2);
});
