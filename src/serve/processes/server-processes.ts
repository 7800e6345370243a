/** Several processes that answer the requests to one address. */
import { type Socket, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { warn } from "../../base/warn.js";
import { type ListenOptions, listen } from "../listen.js";
import type { ProcessCounts } from "./server-group.js";
import { type MetricValues, countsOf, summed, summedText } from "./summed-metrics.js";
import { WorkerProcess } from "./worker-process.js";

/** What processes run, and where they are reached. */
export interface ServerProcessesOptions extends ListenOptions {
  /** How many processes answer. */
  readonly processes: number;
  /** The program that each of them runs, which calls `answerConnections`. */
  readonly script: string;
  /** What that program gets: plain data. */
  readonly given: unknown;
  /**
   * Milliseconds until a process that ended is replaced. They double with each end within ten seconds of the last, and after
   * eight such ends the server gives up. Default: 100.
   */
  readonly restartDelay?: number;
  /** Receives what is wrong, but does not stop the server; default: emits a Node.js warning. */
  readonly onWarning?: (message: string) => void;
}

/** A process that took requests for so long did not end because of how it was started. */
const steadySeconds = 10;
const mostEarlyEnds = 8;

/**
 * Accepts connections and gives each to the process that has the fewest. A process that ends takes the requests that it has with
 * it, and is replaced; a connection that it had not begun to read goes to another one.
 *
 * @example
 * import { ServerProcesses } from "flava/serve";
 *
 * // worker.js: answerConnections((given, group) => createServer({ models: { mini: () => load(given.path) }, group }));
 * const server = await ServerProcesses.start({ processes: 2, script: "worker.js", given: { path: "models/mini" } });
 * console.log(server.url);
 */
export class ServerProcesses {
  /** Where the server listens. */
  url = "";
  /** Rejects if a process ends again and again, when the server has closed for that. */
  readonly failed: Promise<never>;
  readonly #fail: (reason: unknown) => void;
  readonly #listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) =>
    this.#deal(socket),
  );
  readonly #workers: WorkerProcess[] = [];
  /** Connections that come while no process can take them. */
  readonly #waiting: Socket[] = [];
  /** Counts of processes that have ended, so that sums never fall. */
  #past: MetricValues = [];
  #isStopping = false;

  private constructor(private readonly options: ServerProcessesOptions) {
    const { promise, reject } = rejectable();
    this.failed = promise;
    this.#fail = reject;
    process.once("exit", this.#kill);
  }

  /**
   * Starts the processes and listens once all can answer: the first alone, so that what is wrong with what they are given is
   * said once.
   */
  static async start(options: ServerProcessesOptions): Promise<ServerProcesses> {
    const server = new ServerProcesses(options);
    const places = Array.from({ length: options.processes }, (_, place) => place);
    try {
      await server.#launch(0);
      await Promise.all(places.slice(1).map((place) => server.#launch(place)));
      server.url = await listen(server.#listener, options);
    } catch (error) {
      server.#kill();
      process.off("exit", server.#kill);
      throw error;
    }
    for (const place of places) {
      server
        .#keep(place)
        .catch((error: unknown) => server.close().finally(() => server.#fail(error)));
    }
    return server;
  }

  /**
   * Makes the processes load their models again, one after another; requests go on with those that they began with.
   * @throws Error if a model cannot be loaded; this process and those after it keep the old ones
   */
  async reload(): Promise<void> {
    for (const [place, worker] of this.#workers.entries()) {
      if (!worker.isReady) continue; // it loads them as they are now
      await worker.reload().catch((error: unknown) => {
        const before = place > 0 ? ` Processes up to ${place} have the new ones.` : "";
        throw new Error(`${(error as Error).message}${before}`, { cause: error });
      });
    }
  }

  /** Refuses new requests, lets the processes finish those that they have, and ends them. */
  async close(): Promise<void> {
    this.#isStopping = true;
    this.#listener.close();
    for (const socket of this.#waiting) socket.destroy();
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    process.off("exit", this.#kill);
  }

  async #launch(place: number): Promise<void> {
    const { script, given } = this.options;
    const worker = new WorkerProcess(script, {
      metrics: () => this.#metrics(),
      processes: (): ProcessCounts => ({ ready: this.#ready.length, of: this.#workers.length }),
    });
    this.#workers[place] = worker;
    await worker.start(given);
    for (const socket of this.#waiting.splice(0)) this.#deal(socket);
  }

  /** Replaces the process at `place` whenever it ends. */
  async #keep(place: number): Promise<void> {
    const { restartDelay = 100, processes, onWarning = warn } = this.options;
    const name = `process ${place + 1} of ${processes}`;
    const isStopping = (): boolean => this.#isStopping;
    for (let early = 0; ;) {
      const worker = this.#workers[place]!;
      await worker.ended;
      if (isStopping()) return;
      this.#past = await summed([this.#past, countsOf(worker.metrics)]);
      early = worker.secondsReady < steadySeconds ? early + 1 : 1;
      if (early === mostEarlyEnds) {
        throw new Error(
          `The server gives up: ${name} ended ${early} times in a row, each within ${steadySeconds} seconds; the last one ` +
            `${worker.end}.`,
        );
      }
      onWarning(`${name} ${worker.end}; another one takes its place`);
      await sleep(restartDelay * 2 ** (early - 1));
      if (isStopping()) return;
      await this.#launch(place).catch((error: unknown) => {
        if (!isStopping()) onWarning(`${name} cannot start: ${(error as Error).message}`);
        this.#workers[place]!.kill();
      });
    }
  }

  get #ready(): WorkerProcess[] {
    return this.#workers.filter(({ isReady }) => isReady);
  }

  /** Gives a connection to the process that has the fewest. */
  #deal(socket: Socket): void {
    if (this.#isStopping) {
      socket.destroy();
      return;
    }
    const [first, ...others] = this.#ready;
    if (!first) {
      this.#waiting.push(socket);
      return;
    }
    const worker = others.reduce((a, b) => (b.connections < a.connections ? b : a), first);
    worker.take(socket).catch(() => this.#deal(socket));
  }

  async #metrics(): Promise<string> {
    const present = await Promise.all(this.#ready.map((worker) => worker.readMetrics()));
    return summedText([this.#past, ...present]);
  }

  readonly #kill = (): void => this.#workers.forEach((worker) => worker.kill());
}

function rejectable(): {
  readonly promise: Promise<never>;
  readonly reject: (reason: unknown) => void;
} {
  let reject!: (reason: unknown) => void;
  const promise = new Promise<never>((_, fail) => (reject = fail));
  promise.catch(() => undefined); // who waits for it will know
  return { promise, reject };
}
