/** The optimizer steps of a stage that trains encoders and heads. This file also loads in browsers. */
import type { Backend } from "../../backend/backend.js";
import { State } from "../../backend/state.js";
import { keyOf } from "../../base/random.js";
import type { PretrainingStageRecipe } from "../../configs/recipe.js";
import type { Batch } from "../../data/batch/batch.js";
import { batchSpecs, shapeKey } from "../../data/batch/batch-specs.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import type { ShardsOptions } from "../../data/batch/shards.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { type FlavaForPretraining, pretrainingParameters } from "../../model/flava.js";
import { initialize } from "../../nn/parameter.js";
import { type ZeroStage, divisionOf } from "../../optim/zero.js";
import { requireParts } from "../../optim/rules.js";
import type { SizedRecipe } from "../sized-recipe.js";
import {
  type BatchDivision,
  type Shard,
  type ShardStep,
  ShardSteps,
  partsOf,
} from "../step/shard-steps.js";
import { type OptimizerState, optimizerState } from "../step/update.js";
import {
  type ExtraLoss,
  type PretrainingInputs,
  extraValues,
  lossesOfBatch,
} from "./extra-loss.js";
import { boundLogitScale, pretrainingLoss, pretrainingRules } from "./pretraining-loss.js";
import { rateAt } from "./rate.js";
import { type Scalars, stepScalars } from "./stage.js";

export type PretrainingState = State<OptimizerState<FlavaForPretraining<TensorSpec>, TensorSpec>>;
type Inputs = PretrainingInputs<TensorSpec>;

export interface PretrainingStepsOptions {
  readonly backend: Backend;
  readonly recipe: Pick<
    SizedRecipe,
    "config" | "precision" | "seed" | "initialScale" | "gradientSums"
  >;
  readonly stage: PretrainingStageRecipe;
  /** Losses besides those of the recipe. */
  readonly extra: readonly ExtraLoss[];
  /** Those that this process computes; default: whole batches. */
  readonly shards?: ShardsOptions;
  /** What is divided among processes; default: nothing. */
  readonly zero?: ZeroStage;
}

/** The state of a stage, and its steps, compiled for each shape of a batch when the first one comes. */
export class PretrainingSteps {
  readonly state: PretrainingState;
  readonly #steps: ShardSteps<FlavaForPretraining<TensorSpec>, Inputs>;

  constructor(private readonly options: PretrainingStepsOptions) {
    const { backend, recipe, stage, shards, zero = 0 } = options;
    const parameters: FlavaForPretraining<TensorSpec> = pretrainingParameters(recipe.config);
    requireParts(parameters, stage.frozen);
    const rules = pretrainingRules(stage.frozen);
    const { communicator: processes } = backend;
    const divided = divisionOf(zero, processes, parameters, rules);
    const division: BatchDivision = { shards, microBatches: stage.microBatches };
    const specs = optimizerState(parameters, { rules, ...partsOf(division) });
    this.state = new State(backend, specs, divided?.ranges);
    const { clip, ...optimizer } = stage.optimizer;
    this.#steps = new ShardSteps(this.state, {
      ...{ ...division, processes, clip, divided, sumDtype: recipe.gradientSums },
      optimizer: { ...optimizer, rules },
      learningRate: (step: Tensor) => rateAt(step, stage),
      constrain: boundLogitScale,
    });
  }

  /** Draws new weights. */
  async initialize(): Promise<void> {
    const { seed, initialScale } = this.options.recipe;
    await initialize(this.state, keyOf(seed), initialScale);
  }

  /** The step for batches, or shards, of these shapes. */
  compiled(batch: Batch<TensorSpec>): ShardStep<FlavaForPretraining<TensorSpec>, Inputs> {
    const { recipe, stage, extra } = this.options;
    return this.#steps.at(shapeKey(batch), () =>
      pretrainingLoss(batch, {
        config: recipe.config,
        precision: recipe.precision,
        recompute: stage.recompute,
        weights: stage.losses,
        gather: stage.gather,
        extra,
      }),
    );
  }

  /** A step on the shards that this process computes. */
  async step(shards: readonly CollatedBatch[]): Promise<Scalars> {
    const given: Shard<FlavaForPretraining<TensorSpec>, Inputs>[] = [];
    for (const batch of shards) {
      const { kind, sizes, ...tensors } = batch;
      const losses = lossesOfBatch(this.options.extra, kind);
      const extra = losses.length > 0 && { extra: await extraValues(losses, batch) };
      given.push({ step: this.compiled(batchSpecs(sizes)), values: { ...tensors, ...extra } });
    }
    return stepScalars(await this.#steps.run(given));
  }

  /** Frees the programs; the state stays. */
  disposePrograms(): void {
    this.#steps.dispose();
  }

  dispose(): void {
    this.disposePrograms();
    this.state.dispose();
  }
}

/** What to do about a stage that predicts visual tokens without a codebook that was trained. */
export const noCodebook = (stage: string): Error =>
  new Error(
    `Stage "${stage}" predicts visual tokens, but has no trained codebook to take them from. Give weights with a codebook ` +
      `(--start), or take the part "codebook" from an earlier stage that has one (stages.${stage}.from).`,
  );

/** Whether a stage needs a codebook. */
export function predictsVisualTokens({
  shares,
  losses,
  masked,
}: Pick<PretrainingStageRecipe, "shares" | "losses" | "masked">): boolean {
  const inImages = shares.image > 0 && losses.mim > 0;
  return masked && (inImages || (shares.pair > 0 && losses.mmmImage > 0));
}
