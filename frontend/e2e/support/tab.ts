import { expect, type BrowserContext, type Locator, type Page } from "@playwright/test";
import type { Credentials } from "./api-client";

/** A page of the app, spoken to in the words that its controls have for people. */
export class Tab {
  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {}

  /** Signs in through the form, in the first tab of a browser. */
  async signIn({ email, password }: Credentials): Promise<void> {
    await this.page.goto(`${this.url}/login`);
    await this.page.getByLabel("Email address").fill(email);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await this.isLive();
  }

  /** Makes an account through the form, in the first tab of a browser. */
  async register({ email, password }: Credentials): Promise<void> {
    await this.page.goto(`${this.url}/register`);
    await this.page.getByLabel("Name").fill("Ada");
    await this.page.getByLabel("Email address").fill(email);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.isLive();
  }

  /** Opens the list in a browser that is signed in. */
  async open(): Promise<void> {
    await this.page.goto(`${this.url}/tasks`);
    await this.isLive();
  }

  async isLive(): Promise<void> {
    await expect(this.status).toHaveText("Live");
  }

  get status(): Locator {
    return this.page.getByRole("status", { name: "Connection" });
  }

  row(title: string): Locator {
    return this.page.getByRole("button", { name: `Edit ${title}`, exact: true });
  }

  toggle(title: string): Locator {
    return this.page.getByRole("checkbox", { name: new RegExp(`^(Complete|Reopen) ${title}$`) });
  }

  get rows(): Locator {
    return this.page.locator("li[data-task]");
  }

  toast(text: string): Locator {
    return this.page.getByRole("listitem").locator("[data-color]").filter({ hasText: text });
  }

  get toasts(): Locator {
    return this.page.locator("[data-sonner-toast]");
  }

  async add(title: string): Promise<void> {
    await this.page.getByLabel("Add a task").fill(title);
    await this.page.getByLabel("Add a task").press("Enter");
    await expect(this.row(title)).toBeVisible();
  }

  async rename(title: string, to: string): Promise<void> {
    await this.row(title).click();
    await this.page.getByLabel("Title", { exact: true }).fill(to);
    await this.page.getByLabel("Title", { exact: true }).press("Enter");
  }

  async remove(title: string): Promise<void> {
    await this.row(title).hover();
    await this.page.getByRole("button", { name: `Delete ${title}`, exact: true }).click();
  }

  /** Cuts this browser's network or joins it again. */
  async setOffline(offline: boolean): Promise<void> {
    await this.context.setOffline(offline);
  }

  get context(): BrowserContext {
    return this.page.context();
  }
}
