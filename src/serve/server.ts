import type { AddressInfo } from "node:net";
import { type ServerType, createAdaptorServer } from "@hono/node-server";
import { type AppOptions, createApp } from "./create-app.js";
import type { ServerApp } from "./http/app.js";
import { type LoadModel, ServedModels } from "./served-models.js";

export interface ServerOptions extends Pick<AppOptions, "extend" | "pages"> {
  /** How to load each model, by the name that clients call it by; the first one is the default. */
  readonly models: Readonly<Record<string, LoadModel>>;
}

export interface ListenOptions {
  /** Default: 8000; 0 for any that is free. */
  readonly port?: number;
  /** Default: "127.0.0.1", which only this machine reaches. */
  readonly host?: string;
}

/** Models behind HTTP endpoints, made by `createServer`. */
export class Server {
  #http: ServerType | undefined;
  #isReady = true;
  /** All endpoints: `app.request(...)` answers without a socket, and `app.fetch` runs inside another server. */
  readonly app: ServerApp;

  constructor(
    readonly models: ServedModels,
    options: Pick<AppOptions, "extend" | "pages">,
  ) {
    this.app = createApp({ ...options, models, isReady: () => this.#isReady });
  }

  /** Starts to listen; returns the server's URL. */
  async listen({ port = 8000, host = "127.0.0.1" }: ListenOptions = {}): Promise<string> {
    const http = createAdaptorServer({ fetch: this.app.fetch });
    this.#http = http;
    await new Promise<void>((resolve, reject) => {
      http.once("error", reject);
      http.listen(port, host, resolve);
    });
    const address = http.address() as AddressInfo;
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${name}:${address.port}`;
  }

  /** Refuses new requests, finishes those that it has, and frees the models. */
  async close(): Promise<void> {
    this.#isReady = false;
    const http = this.#http;
    if (http) await new Promise((resolve) => http.close(resolve));
    await this.models.close();
  }
}

/**
 * Loads models and makes the endpoints that use them: embeddings, classification, matching and filling of masks.
 *
 * @example
 * import { load } from "flava";
 * import { createServer } from "flava/serve";
 *
 * const server = await createServer({ models: { mini: () => load() } });
 * console.log(await server.listen({ port: 8000 }));
 */
export async function createServer({ models, ...options }: ServerOptions): Promise<Server> {
  return new Server(await ServedModels.load(models), options);
}
