import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServerType, createAdaptorServer, getRequestListener } from "@hono/node-server";
import { warn } from "../base/warn.js";
import type { BatchLimits } from "./batch/lane.js";
import { type AppOptions, type EndpointOptions, createApp } from "./create-app.js";
import { Admission } from "./http/admission.js";
import type { ApiKeys } from "./http/api-keys.js";
import type { ServerApp } from "./http/app.js";
import { type ServerLimits, defaultLimits } from "./http/limits.js";
import { HostFetcher } from "./images/host-fetcher.js";
import { imageBytes } from "./images/image-bytes.js";
import { type ListenOptions, listen } from "./listen.js";
import { Metrics } from "./metrics.js";
import { type LoadModel, ServedModels } from "./models/served-models.js";
import type { MetricValues } from "./processes/summed-metrics.js";

/** What a server answers with, and what it refuses. */
export interface ServerOptions extends EndpointOptions {
  /** How to load each model, by the name that clients call it by; the first one is the default. */
  readonly models: Readonly<Record<string, LoadModel>>;
  /** What the first model searches: a directory made by `flava index`, or a file written by `flava embed`. */
  readonly index?: string | undefined;
  /** What is refused; what is not given keeps its default. */
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

/** How requests of Node are answered. */
const nodeOptions = {
  /** What HTTP/1.0 is taken to ask for where it names no host, as probes of load balancers do. */
  hostname: "localhost",
  /**
   * What is left of a refused body is read by Node, within requestTimeout. The adapter would close the connection after half a
   * second, and a client that was still sending would not learn why.
   */
  autoCleanupIncoming: false,
};

export const defaultBatch: BatchLimits = { items: 32, tokens: 4096, wait: 2 };

/** Models behind HTTP endpoints, made by `createServer`. */
export class Server {
  #http: ServerType | undefined;
  readonly #connections = new Set<Socket>();
  #isReady = true;
  /** All endpoints: `app.request(...)` answers without a socket, and `app.fetch` runs inside another server. */
  readonly app: ServerApp;
  /** All endpoints for Node's own HTTP servers and for Express: `http.createServer(server.listener)`. */
  readonly listener: RequestListener;

  private constructor(
    private readonly models: ServedModels,
    private readonly options: Omit<AppOptions, "models" | "isReady">,
  ) {
    this.app = createApp({ ...options, models, isReady: () => this.#isReady });
    const answer = getRequestListener(this.app.fetch, nodeOptions);
    this.listener = (request, response) => void answer(request, response);
  }

  /**
   * Used by `createServer`.
   * @internal
   */
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
    return new Server(loaded, { ...options, onWarning, limits, admission, metrics, reader });
  }

  /** Starts to listen; returns the server's URL. */
  listen(options: ListenOptions = {}): Promise<string> {
    return listen(this.#open(), options);
  }

  /** Answers on a connection that was accepted elsewhere; nothing has been read from it. */
  accept(socket: Socket): void {
    socket.allowHalfOpen = true; // as of connections that a server accepts itself
    if (!this.#http) this.#open().emit("listening"); // then it begins to watch its connections for those that are too slow
    this.#http!.emit("connection", socket);
  }

  #open(): ServerType {
    const requestTimeout = 1000 * this.options.limits.seconds;
    this.#http = createAdaptorServer({
      ...{ fetch: this.app.fetch, ...nodeOptions },
      serverOptions: { requestTimeout, headersTimeout: requestTimeout },
    });
    this.#http.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
    });
    return this.#http;
  }

  /** What it has counted, of which `/metrics` is the text. */
  metrics(): Promise<MetricValues> {
    return this.options.metrics.registry.getMetricsAsJSON();
  }

  /** Loads all models again; requests go on with the models that they began with. */
  reload(): Promise<void> {
    return this.models.reload();
  }

  /** Refuses new requests, finishes those that it has, and frees the models. */
  async close(): Promise<void> {
    this.#isReady = false;
    this.#http?.close();
    await this.#ended();
    await this.models.close();
  }

  /** Waits for all connections to end: each as soon as it is idle, and those of requests that never end after the time limit. */
  async #ended(): Promise<void> {
    const latest = performance.now() + 1000 * this.options.limits.seconds;
    while (this.#connections.size > 0) {
      const isLate = performance.now() > latest;
      if (isLate) for (const socket of this.#connections) socket.destroy();
      else if ("closeIdleConnections" in this.#http!) this.#http.closeIdleConnections();
      await sleep(50);
    }
  }
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
