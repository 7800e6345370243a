import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { type Answers, Channel } from "./channel.js";
import type { MetricValues } from "./summed-metrics.js";

/** A process that answers requests, as seen by the one that started it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  /** Connections that it has. */
  #connections = 0;
  /** When it could answer requests first, in milliseconds. */
  #readyAt: number | undefined;
  /** Its metrics when they were last read. */
  #metrics: MetricValues = [];
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;

  /** @param answers to its questions */
  constructor(script: string, answers: Answers) {
    this.#child = fork(script);
    this.#channel = new Channel(this.#child, {
      ...answers,
      closed: () => {
        this.#connections--;
      },
    });
    this.ended = once(this.#child, "exit").then(() => undefined);
  }

  get connections(): number {
    return this.#connections;
  }

  /** Whether it takes requests. */
  get isReady(): boolean {
    return this.#readyAt !== undefined && this.#child.connected;
  }

  /** Seconds since it could answer requests; 0 if it never could. */
  get secondsReady(): number {
    return this.#readyAt === undefined ? 0 : (performance.now() - this.#readyAt) / 1000;
  }

  get metrics(): MetricValues {
    return this.#metrics;
  }

  /** How it ended, in words. */
  get end(): string {
    const { signalCode, exitCode } = this.#child;
    return signalCode ? `was killed by ${signalCode}` : `ended with exit code ${exitCode}`;
  }

  /**
   * Resolves when it can answer requests.
   * @param given passed to the function that makes its server
   * @throws Error that says why it cannot
   */
  async start(given: unknown): Promise<void> {
    await this.#channel.ask("start", given).catch(async (error: unknown) => {
      if (!this.#child.connected) {
        await this.ended;
        throw new Error(`The process ${this.end} before it could answer requests.`);
      }
      throw error;
    });
    this.#readyAt = performance.now();
  }

  /**
   * Gives it a connection.
   * @throws Error if it ended before it could take it; the connection is as it was
   */
  async take(socket: Socket): Promise<void> {
    this.#connections++;
    await this.#channel.ask("connection", undefined, socket);
    socket.destroy(); // this process's share of it
  }

  reload(): Promise<unknown> {
    return this.#channel.ask("reload");
  }

  /** Reads its metrics; of one that ends meanwhile, those that were read before. */
  async readMetrics(): Promise<MetricValues> {
    this.#metrics = await this.#channel.ask<MetricValues>("metrics").catch(() => this.#metrics);
    return this.#metrics;
  }

  /** Lets it finish what it has; one that is not ready has nothing. */
  async stop(): Promise<void> {
    if (!this.isReady) this.kill();
    else this.#child.disconnect();
    await this.ended;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
