/** The optimizer steps of a stage on the shards of its batches that this process computes. */
import type { Communicator } from "../../backend/communicator.js";
import type { State } from "../../backend/state.js";
import type { Mapped, TreeOf } from "../../base/tree.js";
import { type ShardsOptions, wholeBatch } from "../../data/batch/shards.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { optimizerStep } from "../optimizer-step.js";
import { AccumulatedStep, type Part, stepInParts } from "./accumulated-step.js";
import type { CompiledStep, StepResults } from "./compiled-step.js";
import type { InputValues, Loss } from "./loss.js";
import type { PartCounts, SumDtype } from "./tree-sum.js";
import type { OptimizerState, UpdateOptions } from "./update.js";

export interface BatchDivision {
  /** The shards of each batch that this process computes; default: whole batches. */
  readonly shards?: ShardsOptions | undefined;
  /** Equal parts of each shard that run in turn, to save memory; default 1. */
  readonly microBatches?: number;
}

/** How many parts of a step this process computes. */
export function partsOf({ shards = wholeBatch, microBatches = 1 }: BatchDivision): PartCounts {
  return { shards: shards.end - shards.first, microBatches };
}

export interface ShardStepsOptions<P> extends UpdateOptions<P>, BatchDivision {
  /** What sums of shards are rounded to; default: "float32". */
  readonly sumDtype?: SumDtype | undefined;
  /** The processes that share the shards; default: there is only this one. */
  readonly processes?: Communicator | undefined;
}

/** A step on whole batches of one shape, or on shards of one shape. */
export type ShardStep<S, I> = CompiledStep<I> | AccumulatedStep<Mapped<S, TensorSpec, Tensor>, I>;

/** A shard to compute: its inputs, and the step for shards of its shape. */
export interface Shard<S, I> {
  readonly step: ShardStep<S, I>;
  readonly values: InputValues<I>;
}

/** Steps are compiled for each shape of shards when it occurs first. */
export class ShardSteps<S, I extends TreeOf<I, TensorSpec>> {
  readonly #steps = new Map<string, ShardStep<S, I>>();

  constructor(
    private readonly state: State<OptimizerState<S, TensorSpec>>,
    private readonly options: ShardStepsOptions<Mapped<S, TensorSpec, Tensor>>,
  ) {}

  /**
   * The step for shards of a shape.
   *
   * @param shape its name
   * @param loss makes the loss of such a shard
   */
  at(shape: string, loss: () => Loss<Mapped<S, TensorSpec, Tensor>, I>): ShardStep<S, I> {
    const step = this.#steps.get(shape) ?? this.#compile(loss());
    this.#steps.set(shape, step);
    return step;
  }

  /** Runs a step on the shards of one batch. */
  async run(shards: readonly Shard<S, I>[]): Promise<StepResults> {
    const parts: Part<Mapped<S, TensorSpec, Tensor>, I>[] = [];
    for (const { step, values } of shards) {
      if (!(step instanceof AccumulatedStep)) return step.run(values);
      parts.push(...step.loss.cut(values).map((part) => ({ step, values: part })));
    }
    return stepInParts(parts);
  }

  dispose(): void {
    for (const step of this.#steps.values()) step.dispose();
  }

  #compile(loss: Loss<Mapped<S, TensorSpec, Tensor>, I>): ShardStep<S, I> {
    const { shards = wholeBatch, microBatches = 1, sumDtype, ...options } = this.options;
    if (shards.count === 1) return optimizerStep(this.state, loss, { ...options, microBatches });
    if (!loss.split) throw new Error("This loss cannot be computed in shards.");
    const parts = { ...options, sumDtype, ...partsOf({ shards, microBatches }) };
    return new AccumulatedStep(this.state, loss.split(microBatches), parts);
  }
}
