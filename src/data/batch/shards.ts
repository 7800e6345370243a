/** Division of batches into shards, of which a process reads its own. */
import type { NextBatch, Planner } from "./loader.js";
import type { MixtureCursor } from "./mixture.js";
import type { Plan } from "./readers.js";
import { SkippedSamples } from "./skipped.js";

export interface ShardsOptions {
  /** Number of equal parts of a batch. */
  readonly count: number;
  /** Those that are read: from `first` up to `end`, exclusive. */
  readonly first: number;
  readonly end: number;
}

/** One shard, of which there is nothing to divide. */
export const wholeBatch: ShardsOptions = { count: 1, first: 0, end: 1 };

/** Plans the shards of one batch after the other as batches of their own. Each sample is read as in the whole batch. */
export class ShardPlanner<P extends Plan> implements Planner<P> {
  readonly #left: P[] = [];
  #step = 0;

  constructor(
    private readonly planner: Planner<P>,
    private readonly options: ShardsOptions,
  ) {}

  /** Continues after the last batch of which a shard was planned. */
  get cursor(): MixtureCursor {
    return this.planner.cursor;
  }

  next(): P {
    if (this.#left.length === 0) this.#left.push(...this.#shards(this.planner.next()));
    return { ...this.#left.shift()!, step: this.#step++ };
  }

  #shards(plan: P): P[] {
    const { count, first, end } = this.options;
    const size = plan.samples.length / count;
    return Array.from({ length: end - first }, (_, index) => {
      const begin = (first + index) * size;
      return { ...plan, first: begin, samples: plan.samples.slice(begin, begin + size) };
    });
  }
}

/** The shards of one batch that this process reads. */
export async function nextShards<B>(
  loader: { next(): Promise<NextBatch<B>> },
  { count, first, end }: ShardsOptions,
): Promise<NextBatch<readonly B[]>> {
  const shards: NextBatch<B>[] = [];
  for (let shard = first; shard < end; shard++) shards.push(await loader.next());
  const skipped = new SkippedSamples();
  for (const shard of shards) skipped.addAll(shard.skipped);
  const { samples, cursor } = shards.at(-1)!;
  return { samples: samples * count, cursor, skipped, batch: shards.map(({ batch }) => batch) };
}
