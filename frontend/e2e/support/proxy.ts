import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A TCP proxy before a server, whose WebSockets can be made to go silent without being closed (F10). */
export class Proxy {
  readonly #sockets = new Set<Socket>();
  readonly #webSockets: Socket[] = [];
  readonly #server: Server;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const upstream = connect(target, "127.0.0.1");
      client.pipe(upstream).pipe(client);
      this.#watch(client, upstream);
      this.#watch(upstream, client);
      client.once("data", (head: Buffer) => {
        if (head.toString("latin1").startsWith("GET /ws/")) this.#webSockets.push(client, upstream);
      });
    });
  }

  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forwards nothing more on the WebSockets there are; new ones work. */
  silence(): void {
    for (const socket of this.#webSockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #watch(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {
      other.destroy();
    });
    socket.on("close", () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
