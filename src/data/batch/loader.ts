/** Batches made ahead of time in worker threads, so that training steps do not wait for them. */
import { Worker } from "node:worker_threads";
import { packageRequire } from "../../base/package-root.js";
import { BatchReader, type BatchReaderOptions } from "./batch-reader.js";
import type { CollatedBatch } from "./collate.js";
import { type BatchPlan, Mixture, type MixtureCursor, type MixtureOptions } from "./mixture.js";
import type { SkipCounts } from "./skipped.js";

export interface LoaderOptions extends BatchReaderOptions {
  readonly mixture: MixtureOptions;
  /** Number of worker threads; 0: batches are made in this thread. */
  readonly workers: number;
  /** Where to continue; default: the beginning. */
  readonly cursor?: MixtureCursor;
}

export interface NextBatch {
  /** Samples in the batch. */
  readonly samples: number;
  readonly batch: CollatedBatch;
  /** Continues after this batch. */
  readonly cursor: MixtureCursor;
  /** Samples that others have replaced in this batch. */
  readonly skipped: SkipCounts;
}

/** A worker's answer: the number of the plan, and its batch or an error. */
export type WorkerAnswer =
  | { readonly step: number; readonly batch: CollatedBatch; readonly skipped: SkipCounts }
  | { readonly step: number; readonly error: string };

type MadeBatch = Pick<NextBatch, "batch" | "skipped">;

/** Makes a batch of a plan. */
interface Maker {
  make(plan: BatchPlan): Promise<MadeBatch>;
  close(): void | Promise<void>;
}

/** Batches in flight per worker: one being made, one done. */
const aheadPerWorker = 2;

/** The batches of a run, in order. The same options and cursor give the same batches for any number of workers. */
export class Loader {
  readonly #pending: Promise<NextBatch>[] = [];
  #planned = 0;

  private constructor(
    private readonly mixture: Mixture,
    private readonly makers: readonly Maker[],
  ) {
    for (let i = 0; i < makers.length * aheadPerWorker; i++) this.#plan();
  }

  static async open(options: LoaderOptions): Promise<Loader> {
    const mixture = new Mixture(options.mixture, options.cursor);
    const { directories, vocabulary, batch, workers } = options;
    const reader = { directories, vocabulary, batch };
    const makers =
      workers === 0
        ? [await inThisThread(reader)]
        : Array.from({ length: workers }, () => inWorker(reader));
    return new Loader(mixture, makers);
  }

  /** The next batch. Rejects if records cannot be read; the previous batch's cursor remains valid. */
  async next(): Promise<NextBatch> {
    const next = this.#pending.shift()!;
    this.#plan();
    return next;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#pending); // pending reads would reopen files
    await Promise.all(this.makers.map(async (maker) => maker.close()));
  }

  #plan(): void {
    const plan = this.mixture.next();
    const { cursor } = this.mixture;
    const maker = this.makers[this.#planned++ % this.makers.length]!;
    const made = maker
      .make(plan)
      .then((result) => ({ ...result, samples: plan.samples.length, cursor }));
    made.catch(() => undefined); // reported by `next`
    this.#pending.push(made);
  }
}

async function inThisThread(options: BatchReaderOptions): Promise<Maker> {
  const reader = await BatchReader.open(options);
  return { make: (plan) => reader.read(plan), close: () => reader.close() };
}

function inWorker(options: BatchReaderOptions): Maker {
  const worker = new Worker(packageRequire().resolve("#loader-worker"), {
    workerData: options,
  });
  worker.unref();
  const waiting = new Map<number, PromiseWithResolvers>();
  const failAll = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (answer: WorkerAnswer) => {
    const settle = waiting.get(answer.step);
    waiting.delete(answer.step);
    if ("error" in answer) settle?.reject(new Error(answer.error));
    else settle?.resolve({ batch: answer.batch, skipped: answer.skipped });
  });
  worker.on("error", failAll);
  worker.on("exit", () => failAll(new Error("A thread that makes batches has ended.")));
  return {
    make: (plan) =>
      new Promise((resolve, reject) => {
        waiting.set(plan.step, { resolve, reject });
        worker.postMessage(plan);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}

interface PromiseWithResolvers {
  readonly resolve: (made: MadeBatch) => void;
  readonly reject: (error: Error) => void;
}
