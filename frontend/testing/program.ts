import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** How many characters of what it complained of are told when it does not start. */
const COMPLAINTS = 4000;

/** A Python program of this repository as a process of its own, which can be killed and started again. */
export class Program {
  #child: ChildProcess | null = null;

  /**
   * @param name - A program of the repository's environment.
   * @param ready - A line of its output that says that it is ready.
   */
  constructor(
    private readonly name: string,
    private readonly ready: RegExp,
  ) {}

  /**
   * Starts it, and waits until it is ready. It gets no variables of this process but `PATH`.
   *
   * @returns What the groups of `ready` matched.
   * @throws Error when it ends before; with what it complained of.
   */
  async start(args: readonly string[], variables: Readonly<Record<string, string>>): Promise<string[]> {
    const child = spawn(fileURLToPath(new URL(`../../.venv/bin/${this.name}`, import.meta.url)), args, {
      env: { PATH: process.env.PATH, NODE_ENV: process.env.NODE_ENV, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-COMPLAINTS);
    });
    return await new Promise((resolve, reject) => {
      createInterface(child.stdout).on("line", (line) => {
        const match = this.ready.exec(line);
        if (match) resolve(match.slice(1));
      });
      child.once("error", reject);
      child.once("exit", () => {
        reject(new Error(`${this.name} ended before it was ready: ${complaints}`));
      });
    });
  }

  /** Kills it at whatever it is doing (kill -9). */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
}
