import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "../testing/program";

/**
 * What differs from the defaults. A heartbeat of 0.1 s is one of a second to clients whose time runs ten times as
 * fast. Tokens last a minute, so that they are renewed now and then.
 */
const SETTINGS = {
  HEARTBEAT_INTERVAL: "0.1",
  TANDEM_ACCESS_TOKEN_SECONDS: "60",
  TANDEM_TRIES_PER_ACCOUNT: "100000",
  TANDEM_TRIES_PER_NETWORK: "100000",
  TANDEM_MAX_MESSAGES_PER_MINUTE: "100000",
  TANDEM_LOG_LEVEL: "WARNING",
};

/** A `tandem serve` of its own, with a data folder and a port that are kept over its crashes. */
export class ServerProcess {
  readonly #folder: string;
  readonly #program = new Program("tandem", /^Tandem is running at http:\/\/[\d.]+:(\d+)/);
  /** The free port that the first start found. */
  #port = "0";
  #up: Promise<void> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a server on a free port. */
  static async start(): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), "tandem-integration-"));
    await mkdir(join(folder, "frontend"));
    await writeFile(join(folder, "frontend", "index.html"), "<!doctype html><title>Tandem</title>");
    const server = new ServerProcess(folder);
    await server.#launch();
    return server;
  }

  /** Where it listens, such as `127.0.0.1:4711`. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Kills it at whatever it is doing (kill -9), and starts it again at once. */
  crash(): void {
    this.#up = this.#up.then(() => this.#program.kill()).then(() => this.#launch());
    // Whoever waits in `up` hears of a start that fails.
    this.#up.catch(() => undefined);
  }

  /** Waits until it serves. */
  up(): Promise<void> {
    return this.#up;
  }

  /** Ends it for good, and removes its data. */
  async stop(): Promise<void> {
    await this.#up.catch(() => undefined);
    await this.#program.kill();
    await rm(this.#folder, { recursive: true });
  }

  async #launch(): Promise<void> {
    const [port] = await this.#program.start(["serve", "--host", "127.0.0.1", "--port", this.#port], {
      TANDEM_DATA_DIR: join(this.#folder, "data"),
      TANDEM_FRONTEND_DIR: join(this.#folder, "frontend"),
      ...SETTINGS,
    });
    this.#port = port ?? this.#port;
  }
}
