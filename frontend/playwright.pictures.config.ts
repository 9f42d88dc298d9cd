import { defineConfig } from "@playwright/test";
import config from "./playwright.config";

/** Takes the README's picture, and one of every screen for people to look at: `npm run pictures`. */
export default defineConfig({ ...config, testDir: "pictures", workers: 1 });
