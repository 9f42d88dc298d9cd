import { randomUUID } from "node:crypto";
import type { components } from "../../lib/protocol/schema";

type Schemas = components["schemas"];
type Authenticated = Schemas["Authenticated"];
type Task = Schemas["Task"];

/** Somebody's address and password. */
export interface Credentials {
  email: string;
  password: string;
}

/** An account that nobody has yet. */
export function newCredentials(): Credentials {
  return { email: `${randomUUID()}@example.org`, password: "correct horse battery" };
}

/** A user's client without a browser. */
export class ApiClient {
  private constructor(
    private readonly url: string,
    readonly credentials: Credentials,
    private readonly session: Authenticated,
  ) {}

  static async register(url: string, credentials = newCredentials()): Promise<ApiClient> {
    const session = await call<Authenticated>(url, "POST", "/api/auth/register", {
      ...credentials,
      name: "Ada",
    });
    return new ApiClient(url, credentials, session);
  }

  create(title: string, more: Partial<Task> = {}): Promise<Task> {
    return this.#call("POST", "/tasks", { ...more, title });
  }

  patch(id: string, patch: Partial<Pick<Task, "title" | "description" | "priority">>): Promise<Task> {
    return this.#call("PATCH", `/tasks/${id}`, patch);
  }

  async remove(id: string): Promise<void> {
    await this.#call("DELETE", `/tasks/${id}`);
  }

  async tasks(): Promise<Task[]> {
    return (await this.#call<{ tasks: Task[] }>("GET", "/tasks")).tasks;
  }

  async signOutEverywhere(): Promise<void> {
    const response = await fetch(`${this.url}/api/auth/logout-all`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.session.access_token}` },
    });
    if (!response.ok) throw new Error(`logout-all: ${response.status}`);
  }

  #call<T>(method: string, path: string, body?: object): Promise<T> {
    return call<T>(this.url, method, `/api/${this.session.user.id}${path}`, body, this.session.access_token);
  }
}

async function call<T>(url: string, method: string, path: string, body?: object, token?: string): Promise<T> {
  const response = await fetch(url + path, {
    method,
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
