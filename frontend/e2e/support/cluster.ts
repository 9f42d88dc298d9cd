import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "../../testing/program";

const SCRIPT = fileURLToPath(new URL("../../../tools/cluster.py", import.meta.url));

/** A large Tandem as processes of its own: `make cluster`. */
export class Cluster {
  readonly #program = new Program("python", /^One websocket service each: (.+)$/);

  private constructor(
    private readonly folder: string,
    private urls: readonly string[],
  ) {}

  /** Starts one. */
  static async start(): Promise<Cluster> {
    const cluster = new Cluster(await mkdtemp(join(tmpdir(), "tandem-e2e-cluster-")), []);
    const [urls] = await cluster.#program.start([SCRIPT], { TANDEM_CLUSTER_DIR: cluster.folder, PORT: "0" });
    cluster.urls = urls?.split(" ") ?? [];
    return cluster;
  }

  /** The load balancer's URL by which sockets go to one of the websocket services. */
  replica(number: number): string {
    const url = this.urls[number];
    if (url === undefined) throw new Error(`there is no websocket service ${number}`);
    return url;
  }

  /** Ends it for good, and removes its data. */
  async stop(): Promise<void> {
    await this.#program.stop();
    await rm(this.folder, { recursive: true });
  }
}
