/** Batches made ahead of time in worker threads, so that training steps do not wait for them. */
import { Worker } from "node:worker_threads";
import { packageRequire } from "../../base/package-root.js";
import type { MixtureCursor } from "./mixture.js";
import {
  type BatchFrom,
  type Plan,
  type PlanFor,
  type ReaderName,
  type ReaderRequest,
  openReader,
} from "./readers.js";
import type { SkipCounts } from "./skipped.js";

/** Plans batch after batch; the same cursor gives the same plans. */
export interface Planner<P extends Plan> {
  /** Continues after the last plan. */
  readonly cursor: MixtureCursor;
  /** The next plan. */
  next(): P;
}

/** Which batches are loaded, by which reader, in how many threads. */
export interface LoaderOptions<N extends ReaderName> extends ReaderRequest<N> {
  /** Begins with the first batch to load. */
  readonly planner: Planner<PlanFor<N>>;
  /** Number of worker threads; 0: batches are made in this thread. */
  readonly workers: number;
}

/** A batch, and where to go on. */
export interface NextBatch<B> {
  /** Samples in the batch. */
  readonly samples: number;
  /** The values of its tensors. */
  readonly batch: B;
  /** Continues after this batch. */
  readonly cursor: MixtureCursor;
  /** Samples that others have replaced in this batch. */
  readonly skipped: SkipCounts;
}

type MadeBatch<B> = Pick<NextBatch<B>, "batch" | "skipped">;

/** A plan whose batch is needed, or will be later. */
export interface WorkerRequest {
  readonly plan: Plan;
  readonly isNeeded: boolean;
}

/** A worker's answer: the number of the plan, and its batch or an error. */
export type WorkerAnswer<B = unknown> =
  ({ readonly step: number } & MadeBatch<B>) | { readonly step: number; readonly error: string };

/** Makes a batch of a plan. */
interface Maker<P, B> {
  make(plan: P): Promise<MadeBatch<B>>;
  /** Fetches what is on other machines. */
  prefetch(plan: P): void;
  close(): void | Promise<void>;
}

/** Batches in flight per worker: one being made, one done. */
const aheadPerWorker = 2;
/** Batches per worker after those, for which data on other machines are fetched. */
const fetchedPerWorker = 4;

/** Batches that are made ahead by `workers` threads, or in this thread if there are none. */
export const batchesAhead = (workers: number): number => aheadPerWorker * Math.max(1, workers);

/** A batch that is not made yet. */
interface Planned<B> {
  readonly plan: Plan;
  /** Continues after it. */
  readonly cursor: MixtureCursor;
  readonly maker: Maker<Plan, B>;
}

/** The batches of a run, in order. The same plans give the same batches for any number of workers. */
export class Loader<B> {
  readonly #planned: Planned<B>[] = [];
  readonly #pending: Promise<NextBatch<B>>[] = [];
  #plans = 0;

  private constructor(
    private readonly planner: Planner<Plan>,
    private readonly makers: readonly Maker<Plan, B>[],
  ) {
    for (let i = 0; i < makers.length * fetchedPerWorker; i++) this.#plan();
    for (let i = 0; i < makers.length * aheadPerWorker; i++) this.#make();
  }

  /**
   * Starts to load: batches are made ahead, a few for each thread.
   *
   * @throws Error if a thread cannot open its reader
   */
  static async open<N extends ReaderName>({
    planner,
    workers,
    ...request
  }: LoaderOptions<N>): Promise<Loader<BatchFrom<N>>> {
    const makers =
      workers === 0
        ? [await inThisThread(request)]
        : Array.from({ length: workers }, () => inWorker(request));
    return new Loader(planner, makers);
  }

  /** The next batch. Rejects if records cannot be read; the previous batch's cursor remains valid. */
  async next(): Promise<NextBatch<B>> {
    const next = this.#pending.shift()!;
    this.#make();
    return next;
  }

  /** Ends the threads. They do not keep the process alive. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#pending); // pending reads would reopen files
    await Promise.all(this.makers.map(async (maker) => maker.close()));
  }

  #plan(): void {
    const plan = this.planner.next();
    const { cursor } = this.planner;
    const maker = this.makers[this.#plans++ % this.makers.length]!;
    maker.prefetch(plan);
    this.#planned.push({ plan, cursor, maker });
  }

  #make(): void {
    const { plan, cursor, maker } = this.#planned.shift()!;
    this.#plan();
    const made = maker
      .make(plan)
      .then((result) => ({ ...result, samples: plan.samples.length, cursor }));
    made.catch(() => undefined); // reported by `next`
    this.#pending.push(made);
  }
}

async function inThisThread<N extends ReaderName>(
  request: ReaderRequest<N>,
): Promise<Maker<PlanFor<N>, BatchFrom<N>>> {
  const reader = await openReader(request);
  return {
    make: (plan) => reader.read(plan),
    prefetch: (plan) => void reader.prefetch?.(plan).catch(() => undefined), // reported when it is needed
    close: () => reader.close(),
  };
}

function inWorker<N extends ReaderName>(
  request: ReaderRequest<N>,
): Maker<PlanFor<N>, BatchFrom<N>> {
  const worker = new Worker(packageRequire().resolve("#loader-worker"), { workerData: request });
  worker.unref();
  const waiting = new Map<number, PromiseWithResolvers<MadeBatch<BatchFrom<N>>>>();
  let failure: Error | undefined;
  const failAll = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  worker.on("message", (answer: WorkerAnswer<BatchFrom<N>>) => {
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
        if (failure) {
          reject(failure);
          return;
        }
        waiting.set(plan.step, { resolve, reject });
        worker.postMessage({ plan, isNeeded: true } satisfies WorkerRequest);
      }),
    prefetch: (plan) => worker.postMessage({ plan, isNeeded: false } satisfies WorkerRequest),
    close: async () => {
      await worker.terminate();
    },
  };
}

interface PromiseWithResolvers<Made> {
  readonly resolve: (made: Made) => void;
  readonly reject: (error: Error) => void;
}
