import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "../../testing/program";

const FRONTEND = fileURLToPath(new URL("../../out", import.meta.url));

const SETTINGS = {
  TANDEM_TRIES_PER_ACCOUNT: "100000",
  TANDEM_TRIES_PER_NETWORK: "100000",
  TANDEM_MAX_MESSAGES_PER_MINUTE: "100000",
  TANDEM_LOG_LEVEL: "WARNING",
};

/** A `tandem serve` of its own, which keeps its data and its port over kills. */
export class Server {
  readonly #program = new Program("tandem", /^Tandem is running at http:\/\/[\d.]+:(\d+)/);
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
    const [port] = await this.#program.start(["serve", "--host", "127.0.0.1", "--port", this.#port], {
      TANDEM_DATA_DIR: this.#data,
      TANDEM_FRONTEND_DIR: FRONTEND,
      ...SETTINGS,
      ...this.settings,
    });
    this.#port = port ?? this.#port;
  }

  /** Kills it at whatever it is doing (kill -9). */
  kill(): Promise<void> {
    return this.#program.kill();
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
