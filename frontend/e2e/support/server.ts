import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../.venv/bin/tandem", import.meta.url));
const FRONTEND = fileURLToPath(new URL("../../out", import.meta.url));

const SETTINGS = {
  TANDEM_TRIES_PER_ACCOUNT: "100000",
  TANDEM_TRIES_PER_NETWORK: "100000",
  TANDEM_MAX_MESSAGES_PER_MINUTE: "100000",
  TANDEM_LOG_LEVEL: "WARNING",
};

/** A `tandem serve` of its own, which keeps its data and its port over kills. */
export class Server {
  #child: ChildProcess | null = null;
  /** The free port that the first start found. */
  #port = "0";

  private constructor(
    private readonly folder: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Starts one with settings that differ from the defaults. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "tandem-e2e-")), settings);
    await server.launch();
    return server;
  }

  get port(): number {
    return Number(this.#port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it again, on the same port. */
  async launch(): Promise<void> {
    const child = spawn(COMMAND, ["serve", "--host", "127.0.0.1", "--port", this.#port], {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: process.env.NODE_ENV,
        TANDEM_DATA_DIR: this.#data,
        TANDEM_FRONTEND_DIR: FRONTEND,
        ...SETTINGS,
        ...this.settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
    this.#port = await new Promise((resolve, reject) => {
      createInterface(child.stdout).on("line", (line) => {
        const port = /^Tandem is running at http:\/\/[\d.]+:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(port);
      });
      child.once("error", reject);
      child.once("exit", () => {
        reject(new Error(`the server ended before it served: ${errors}`));
      });
    });
  }

  /** Kills it at whatever it is doing (kill -9). */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Copies the data of a server that does not run. */
  async backUp(): Promise<void> {
    await rm(this.#backup, { recursive: true, force: true });
    await cp(this.#data, this.#backup, { recursive: true });
  }

  /** Puts the copy back; the server must not run. */
  async putBack(): Promise<void> {
    await rm(this.#data, { recursive: true });
    await cp(this.#backup, this.#data, { recursive: true });
  }

  /** Ends it for good, and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }

  get #data(): string {
    return join(this.folder, "data");
  }

  get #backup(): string {
    return join(this.folder, "backup");
  }
}
