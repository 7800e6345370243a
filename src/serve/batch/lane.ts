/** Dynamic batching: inputs of many requests run together, in the order that is fair to their clients. */
import { FairQueue } from "./fair-queue.js";

/** A batch that has run. */
export interface BatchFacts {
  readonly lane: string;
  readonly items: number;
  readonly seconds: number;
}

export interface LaneOptions<Input, Prepared, Result> {
  /** Its name in metrics. */
  readonly name: string;
  /** Makes an input ready to run, or rejects if it is not usable; at most `preparedAtOnce` at a time. */
  readonly prepare: (input: Input) => Prepared | Promise<Prepared>;
  /** Only inputs of one shape run together. */
  readonly shapeOf: (input: Prepared) => string | number;
  /** Tokens that an input takes in a batch. */
  readonly tokensOf: (input: Prepared) => number;
  /** The results of inputs of one shape, in order. */
  readonly run: (inputs: readonly Prepared[]) => Promise<readonly Result[]>;
  /** Inputs prepared while a batch runs: several times its size where shapes differ and inputs are small. */
  readonly ahead: number;
  readonly limits: BatchLimits;
  readonly onBatch?: ((facts: BatchFacts) => void) | undefined;
}

/** How large batches get, and how long inputs wait for one. */
export interface BatchLimits {
  /** Most inputs of a batch. */
  readonly items: number;
  /** Most tokens of a batch; an input that has more runs alone. */
  readonly tokens: number;
  /** How long an input waits for others to join it, in milliseconds. */
  readonly wait: number;
}

export interface LaneCall {
  /** Who is served in turn with others. */
  readonly client: string;
  /** Drops what has not run, and rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** The inputs of one call. */
interface Request<Input, Result> {
  readonly client: string;
  readonly count: number;
  readonly inputs: readonly Input[];
  readonly results: Result[];
  /** Items without a result. */
  left: number;
  isOver: boolean;
  readonly resolve: (results: Result[]) => void;
  readonly reject: (reason: Error) => void;
}

/** An input that can run. */
interface Ready<Input, Prepared, Result> {
  readonly request: Request<Input, Result>;
  readonly index: number;
  readonly prepared: Prepared;
  readonly since: number;
}

/** Images decoded at a time: as many as Node has threads for it. */
const preparedAtOnce = 4;

/**
 * Runs one batch after another. While one runs, the inputs of the next are taken from the queue and prepared, so that few
 * prepared inputs are in memory. An input that cannot be prepared, or fails alone, fails its own request
 * and no other.
 */
export class Lane<Input, Prepared, Result> {
  readonly #options: LaneOptions<Input, Prepared, Result>;
  readonly #queue = new FairQueue<Request<Input, Result>>();
  #ready: Ready<Input, Prepared, Result>[] = [];
  #preparing = 0;
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneOptions<Input, Prepared, Result>) {
    this.#options = options;
  }

  /** The results of `inputs`, in order. Rejects with the first error of one of them. */
  submit(inputs: readonly Input[], { client, signal }: LaneCall): Promise<Result[]> {
    return new Promise<Result[]>((resolve, reject) => {
      signal.throwIfAborted();
      const count = inputs.length;
      const end = (settle: () => void): void => {
        signal.removeEventListener("abort", drop);
        request.isOver = true;
        this.#queue.remove(request);
        settle();
      };
      const request: Request<Input, Result> = {
        ...{ client, count, inputs, results: [], left: count, isOver: false },
        resolve: (results) => end(() => resolve(results)),
        reject: (reason) => end(() => reject(reason)),
      };
      const drop = (): void => request.reject(signal.reason as Error);
      signal.addEventListener("abort", drop);
      if (count === 0) request.resolve([]);
      this.#queue.add(request);
      this.#fill();
    });
  }

  /** Prepares inputs until there are enough for the next batches. */
  #fill(): void {
    const { ahead } = this.#options;
    while (this.#preparing < preparedAtOnce && this.#ready.length + this.#preparing < ahead) {
      const taken = this.#queue.take();
      if (!taken) return;
      void this.#prepare(taken.request, taken.index);
    }
  }

  async #prepare(request: Request<Input, Result>, index: number): Promise<void> {
    this.#preparing++;
    try {
      const prepared = await this.#options.prepare(request.inputs[index]!);
      this.#ready.push({ request, index, prepared, since: performance.now() });
    } catch (error) {
      request.reject(error as Error);
    }
    this.#preparing--;
    this.#fill();
    this.#schedule();
  }

  /** Starts a batch now if there is one that is full, else when its first input has waited long enough. */
  #schedule(): void {
    if (this.#isRunning) return;
    this.#ready = this.#ready.filter(({ request }) => !request.isOver);
    const [oldest] = this.#ready;
    if (!oldest) return;
    const { items, wait } = this.#options.limits;
    const left = oldest.since + wait - performance.now();
    if (this.#ready.length >= items || left <= 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      void this.#start(oldest);
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#schedule();
      }, left);
    }
  }

  async #start(oldest: Ready<Input, Prepared, Result>): Promise<void> {
    this.#isRunning = true;
    const batch = this.#batchWith(oldest);
    this.#ready = this.#ready.filter((ready) => !batch.includes(ready));
    this.#fill();
    const start = performance.now();
    await this.#run(batch);
    const { name, onBatch } = this.#options;
    onBatch?.({ lane: name, items: batch.length, seconds: (performance.now() - start) / 1000 });
    this.#isRunning = false;
    this.#schedule();
  }

  /** The oldest ready inputs of the shape of `oldest`, a power of two of them, which is a shape without padding. */
  #batchWith(oldest: Ready<Input, Prepared, Result>): Ready<Input, Prepared, Result>[] {
    const { shapeOf, tokensOf, limits } = this.#options;
    const shape = shapeOf(oldest.prepared);
    const same = this.#ready.filter(({ prepared }) => shapeOf(prepared) === shape);
    const fitting = Math.floor(limits.tokens / tokensOf(oldest.prepared));
    const most = Math.max(1, Math.min(limits.items, same.length, fitting));
    return same.slice(0, 2 ** Math.floor(Math.log2(most)));
  }

  /** Runs a batch; if it fails, each of its inputs alone. */
  async #run(batch: readonly Ready<Input, Prepared, Result>[]): Promise<void> {
    try {
      const results = await this.#options.run(batch.map(({ prepared }) => prepared));
      for (const [place, { request, index }] of batch.entries()) {
        request.results[index] = results[place]!;
        request.left--;
        if (request.left === 0) request.resolve(request.results);
      }
    } catch (error) {
      if (batch.length === 1) batch[0]!.request.reject(error as Error);
      else for (const one of batch) if (!one.request.isOver) await this.#run([one]);
    }
  }
}
