import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import { ApiClient } from "./api-client";
import { Proxy } from "./proxy";
import { Server } from "./server";
import { Tab } from "./tab";

/** What a browser writes of a server that does not answer, or refuses; whatever else it complains of is a fault. */
const OF_THE_NETWORK =
  /Failed to load resource|Failed to fetch RSC payload|WebSocket connection to .* failed|net::ERR_/;

interface WorkerFixtures {
  settings: Readonly<Record<string, string>>;
  server: Server;
}

interface Fixtures {
  /** A browser of its own; what goes wrong in its pages fails the test. */
  newBrowser: () => Promise<BrowserContext>;
  /** A user with an account of their own. */
  user: ApiClient;
  /** A new browser in which the user is signed in; from elsewhere where a proxy stands before the server. */
  signedIn: (user: ApiClient, url?: string) => Promise<Tab>;
  /** Another tab of the same browser. */
  sameBrowser: (tab: Tab) => Promise<Tab>;
  /** A way to the server whose connections can be made to go silent. */
  wire: Proxy;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  settings: [{}, { option: true, scope: "worker" }],
  server: [
    async ({ settings }, provide) => {
      const server = await Server.start(settings);
      await provide(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  newBrowser: async ({ browser }, provide) => {
    const contexts: BrowserContext[] = [];
    const faults: string[] = [];
    await provide(async () => {
      const context = await browser.newContext();
      contexts.push(context);
      context.on("page", (page) => {
        watch(page, faults);
      });
      return context;
    });
    await Promise.all(contexts.map((context) => context.close()));
    expect(faults, "errors in the browser").toEqual([]);
  },
  user: async ({ server }, provide) => {
    await provide(await ApiClient.register(server.url));
  },
  signedIn: async ({ newBrowser, server }, provide) => {
    await provide(async (user, url = server.url) => {
      const tab = new Tab(await (await newBrowser()).newPage(), url);
      await tab.signIn(user.credentials);
      return tab;
    });
  },
  sameBrowser: async ({ server }, provide) => {
    await provide(async (tab) => {
      const other = new Tab(await tab.context.newPage(), server.url);
      await other.open();
      return other;
    });
  },
  wire: async ({ server }, provide) => {
    const proxy = await Proxy.start(server.port);
    await provide(proxy);
    await proxy.stop();
  },
});

function watch(page: Page, faults: string[]): void {
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !OF_THE_NETWORK.test(message.text())) faults.push(message.text());
  });
}

export { expect };
