import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type ServerType, createAdaptorServer } from "@hono/node-server";
import type { BatchLimits } from "./batch/lane.js";
import { type AppOptions, createApp } from "./create-app.js";
import { Admission } from "./http/admission.js";
import type { ApiKeys } from "./http/api-keys.js";
import type { ServerApp } from "./http/app.js";
import { type ServerLimits, defaultLimits } from "./http/limits.js";
import { HostFetcher } from "./images/host-fetcher.js";
import { imageBytes } from "./images/image-bytes.js";
import { Metrics } from "./metrics.js";
import { type LoadModel, ServedModels } from "./models/served-models.js";

export interface ServerOptions extends Pick<AppOptions, "extend" | "runs" | "pages" | "onRequest"> {
  /** How to load each model, by the name that clients call it by; the first one is the default. */
  readonly models: Readonly<Record<string, LoadModel>>;
  /** What the first model searches: a directory made by `flava index`, or a file written by `flava embed`. */
  readonly index?: string | undefined;
  readonly limits?: Partial<ServerLimits>;
  /** Default: 32 inputs, 4,096 tokens, and a wait of 2 milliseconds. */
  readonly batch?: Partial<BatchLimits>;
  /** The keys that clients must send; default: none. */
  readonly keys?: ApiKeys | undefined;
  /** Names of hosts that images may be fetched from; default: none. */
  readonly allowedHosts?: readonly string[];
  /** Receives what is wrong, but does not stop the server; default: emits a Node.js warning. */
  readonly onWarning?: (message: string) => void;
}

export interface ListenOptions {
  /** Default: 8000; 0 for any that is free. */
  readonly port?: number;
  /** Default: "127.0.0.1", which only this machine reaches. */
  readonly host?: string;
}

export const defaultBatch: BatchLimits = { items: 32, tokens: 4096, wait: 2 };

/** Models behind HTTP endpoints, made by `createServer`. */
export class Server {
  #http: ServerType | undefined;
  #isReady = true;
  /** All endpoints: `app.request(...)` answers without a socket, and `app.fetch` runs inside another server. */
  readonly app: ServerApp;

  private constructor(
    private readonly models: ServedModels,
    options: Omit<AppOptions, "models" | "isReady">,
    private readonly limits: ServerLimits,
  ) {
    this.app = createApp({ ...options, models, isReady: () => this.#isReady });
  }

  /** Used by `createServer`. */
  static async create({
    models,
    index,
    batch,
    allowedHosts = [],
    limits: given,
    onWarning = warn,
    ...options
  }: ServerOptions): Promise<Server> {
    const limits = { ...defaultLimits, ...given };
    const admission = new Admission(limits);
    const metrics = new Metrics(() => admission.requests);
    const loaded = await ServedModels.load(models, {
      index,
      limits: { ...defaultBatch, ...batch },
      onBatch: (facts) => metrics.addBatch(facts),
      onWarning,
    });
    const fetcher =
      allowedHosts.length > 0
        ? new HostFetcher({ hosts: allowedHosts, maxBytes: limits.bodyBytes })
        : undefined;
    const reader = {
      maxPixels: limits.pixels,
      bytesOf: (image: string | Uint8Array, param: string, signal: AbortSignal) =>
        imageBytes(image, param, fetcher, signal),
    };
    return new Server(loaded, { ...options, limits, admission, metrics, reader }, limits);
  }

  /** Starts to listen; returns the server's URL. */
  async listen({ port = 8000, host = "127.0.0.1" }: ListenOptions = {}): Promise<string> {
    const requestTimeout = 1000 * this.limits.seconds;
    const http = createAdaptorServer({
      fetch: this.app.fetch,
      serverOptions: { requestTimeout, headersTimeout: requestTimeout },
    });
    http.listen(port, host);
    await once(http, "listening");
    this.#http = http;
    const address = http.address() as AddressInfo;
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${name}:${address.port}`;
  }

  /** Loads all models again; requests go on with the models that they began with. */
  reload(): Promise<void> {
    return this.models.reload();
  }

  /** Refuses new requests, finishes those that it has, and frees the models. */
  async close(): Promise<void> {
    this.#isReady = false;
    if (this.#http) await closed(this.#http);
    await this.models.close();
  }
}

function warn(message: string): void {
  process.emitWarning(message, "FlavaWarning");
}

/** Stops to listen, and waits for the connections to end, each as soon as it is idle. */
async function closed(http: ServerType): Promise<void> {
  const sweep = setInterval(() => {
    if ("closeIdleConnections" in http) http.closeIdleConnections();
  }, 100);
  await new Promise((resolve) => http.close(resolve));
  clearInterval(sweep);
}

/**
 * Loads models and makes the endpoints that use them.
 *
 * @example
 * import { load } from "flava";
 * import { createServer } from "flava/serve";
 *
 * const server = await createServer({ models: { mini: () => load() } });
 * console.log(await server.listen({ port: 8000 }));
 */
export const createServer = (options: ServerOptions): Promise<Server> => Server.create(options);
