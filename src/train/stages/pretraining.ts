/** Masked, matching and contrastive training of the encoders: the joint stage, and the unimodal ones before it. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "../../backend/backend.js";
import { State } from "../../backend/state.js";
import { keyOf } from "../../base/random.js";
import { decoderName } from "../../checkpoint/huggingface.js";
import type { Batch } from "../../data/batch/batch.js";
import { batchSpecs, shapeKey } from "../../data/batch/batch-specs.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import { batchKinds } from "../../data/batch/mixture.js";
import type { ShardsOptions } from "../../data/batch/shards.js";
import { Tokenizer } from "../../data/text/tokenizer.js";
import type { Vocabulary } from "../../data/text/vocabulary.js";
import type { FlavaConfig } from "../../model/config.js";
import { type FlavaForPretraining, pretrainingParameters } from "../../model/flava.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { initialize } from "../../nn/parameter.js";
import { lossesOfKind } from "../../objective/objectives.js";
import { DividedMoments, type ZeroStage } from "../../optim/divided-moments.js";
import { requireParts } from "../../optim/rules.js";

import {
  type Division,
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
import { withCalibratedMatching } from "./calibrate-matching.js";
import { boundLogitScale, pretrainingLoss, pretrainingRules } from "./pretraining-loss.js";
import { rateAt } from "./rate.js";
import type { PretrainingStageRecipe } from "../../configs/recipe.js";
import type { SizedRecipe } from "../sized-recipe.js";
import { type TrainingData, measureBaselines } from "./baselines.js";
import { type StartWeights, loadStart } from "../run/start.js";
import { WholeState } from "../run/whole-state.js";
import {
  type Baselines,
  type Log,
  type RecipeStage,
  type Scalars,
  type StageNeeds,
  stepScalars,
} from "./stage.js";
import { Validation, type ValidationOptions } from "./validation.js";
import { writeModel } from "../../checkpoint/write-model.js";

type PretrainingState = State<OptimizerState<FlavaForPretraining<TensorSpec>, TensorSpec>>;
type Inputs = PretrainingInputs<TensorSpec>;

export interface PretrainingStageOptions {
  readonly backend: Backend;
  readonly recipe: SizedRecipe;
  readonly vocabulary: Vocabulary;
  readonly stage: PretrainingStageRecipe;
  /** Weights to start from; all others are drawn. */
  readonly start: readonly StartWeights[];
  readonly log: Log;
  /** The decoder file of the initial codebook, if there is one; it is passed on. */
  readonly decoder: string | undefined;
  /** Losses besides those of the recipe. */
  readonly extra: readonly ExtraLoss[];
  readonly validation: Omit<ValidationOptions, "state" | "config" | "vocabulary">;
  /** The largest shard of each kind, for planning. */
  readonly largest: readonly Batch<TensorSpec>[];
  /** Those that this process computes; default: whole batches. */
  readonly shards?: ShardsOptions;
  /** What is divided among processes; default: nothing. */
  readonly zero?: ZeroStage;
}

export class PretrainingStage implements RecipeStage {
  readonly #steps: ShardSteps<FlavaForPretraining<TensorSpec>, Inputs>;
  readonly state: PretrainingState;
  readonly #divided: DividedMoments | undefined;
  private readonly config: FlavaConfig;
  private readonly validation: Validation;

  constructor(private readonly options: PretrainingStageOptions) {
    const { backend, recipe, stage, vocabulary } = options;
    const config = recipe.config;
    const parameters: FlavaForPretraining<TensorSpec> = pretrainingParameters(config);
    const { frozen } = stage;
    requireParts(parameters, frozen);
    const rules = pretrainingRules(frozen);
    const { communicator: processes } = backend;
    const divided =
      processes && options.zero === 1
        ? new DividedMoments(parameters, rules, processes)
        : undefined;
    const division: Division = { shards: options.shards, microBatches: stage.microBatches };
    const specs = optimizerState(parameters, { rules, divided, ...partsOf(division) });
    const state = new State(backend, specs);
    this.config = config;
    this.state = state;
    this.#divided = divided;
    const { clip, ...optimizer } = stage.optimizer;
    this.#steps = new ShardSteps(state, {
      ...{ ...division, processes, clip, divided },
      optimizer: { ...optimizer, rules },
      learningRate: (step: Tensor) => rateAt(step, stage),
      constrain: boundLogitScale,
    });
    this.validation = new Validation({ ...options.validation, vocabulary, state, config });
  }

  get whole(): WholeState | undefined {
    const { communicator: processes } = this.options.backend;
    return this.#divided && new WholeState(this.state, this.#divided, processes!);
  }

  get name(): string {
    return this.options.stage.name;
  }

  get steps(): number {
    return this.options.stage.steps;
  }

  get measures(): readonly string[] {
    return this.validation.measures;
  }

  get losses(): readonly string[] {
    const { stage } = this.options;
    const drawn = batchKinds.filter((kind) => stage.shares[kind] > 0);
    const names = drawn.flatMap((kind) => [...lossesOfKind[kind]]);
    const trained = names.filter((name) => stage.losses[name] !== 0);
    const extra = drawn.flatMap((kind) => lossesOfBatch(this.options.extra, kind));
    const { name: contrastive } = this.validation.contrastiveLoss;
    const isOther = trained.includes("contrastive") && contrastive !== "contrastive";
    return [...trained, ...(isOther ? [contrastive] : []), ...extra.map(({ name }) => name)];
  }

  async baselines(training: TrainingData, isToMemorize: boolean): Promise<Baselines> {
    const { validation, recipe, stage, vocabulary } = this.options;
    const { name: contrastive, pairs } = this.validation.contrastiveLoss;
    const measured = await measureBaselines({
      ...{ ...training, state: this.state, config: this.config, vocabulary },
      ...{ precision: recipe.precision, losses: stage.losses, batch: validation.batch },
      validation: isToMemorize ? [] : this.validation.batches,
    });
    const known = new Map<string, number>([
      [contrastive, Math.log(pairs)],
      ["contrastive", Math.log(training.mixture.batch.pair)],
      ...[...measured].map(([name, { loss }]) => [name, loss] as const),
    ]);
    return {
      losses: Object.fromEntries(this.losses.map((name) => [name, known.get(name) ?? null])),
      accuracies: Object.fromEntries(
        [...measured].map(([name, { accuracy }]) => [`${name} accuracy`, accuracy]),
      ),
    };
  }

  /**
   * Draws new weights, then loads those to start from.
   * @throws Error if visual tokens are to be predicted, but no source has a codebook
   */
  async begin(): Promise<void> {
    const { recipe, stage, start, log } = this.options;
    await initialize(this.state, keyOf(recipe.seed), recipe.initialScale);
    const hasCodebook = await loadStart(start, this.state, this.config, log);
    if (hasCodebook || !predictsVisualTokens(stage)) return;
    throw new Error(
      `Stage "${stage.name}" predicts visual tokens, but has no codebook to take them from. Give weights with a codebook ` +
        `(--start), or take the part "codebook" from an earlier stage (stages.${stage.name}.from).`,
    );
  }

  prepare(): StageNeeds {
    const { largest, stage } = this.options;
    const steps = largest.map((batch) => {
      const { memory, flops } = this.#compiled(batch);
      return { batch, memory, flops, share: stage.shares[batch.kind] };
    });
    const all = steps.reduce((sum, { share }) => sum + share, 0);
    return {
      memory: this.validation.memoryWith(steps),
      flops: steps.reduce((sum, { share, flops }) => sum + share * flops, 0) / all,
    };
  }

  load(signal?: AbortSignal): Promise<void> {
    return this.validation.load(signal);
  }

  async step(shards: readonly CollatedBatch[]): Promise<Scalars> {
    const given: Shard<FlavaForPretraining<TensorSpec>, Inputs>[] = [];
    for (const batch of shards) {
      const { kind, sizes, ...tensors } = batch;
      const losses = lossesOfBatch(this.options.extra, kind);
      const extra = losses.length > 0 && { extra: await extraValues(losses, batch) };
      given.push({ step: this.#compiled(batchSpecs(sizes)), values: { ...tensors, ...extra } });
    }
    return stepScalars(await this.#steps.run(given));
  }

  async evaluate(): Promise<Scalars> {
    const [logarithm = 0] = await this.state.read("parameters/flava/logitScale");
    const scale = Math.exp(logarithm);
    return { ...(await this.validation.evaluate()), "logit scale": scale };
  }

  async write(directory: string, log: Log): Promise<void> {
    const { vocabulary, decoder, stage } = this.options;
    const tokenizer = new Tokenizer(vocabulary);
    const write = (): Promise<void> =>
      writeModel(directory, { state: this.state, config: this.config, tokenizer });
    if (stage.shares.pair > 0 && stage.losses.itm > 0) {
      await withCalibratedMatching(this.state, await this.validation.judgePairs(), log, write);
    } else await write();
    if (decoder !== undefined) await copyFile(decoder, join(directory, decoderName));
  }

  async dispose(): Promise<void> {
    await this.validation.close();
    this.#steps.dispose();
    this.state.dispose();
  }

  #compiled(batch: Batch<TensorSpec>): ShardStep<FlavaForPretraining<TensorSpec>, Inputs> {
    const { recipe, stage, extra } = this.options;
    return this.#steps.at(shapeKey(batch), () =>
      pretrainingLoss(batch, {
        config: this.config,
        precision: recipe.precision,
        recompute: stage.recompute,
        weights: stage.losses,
        gather: stage.gather,
        extra,
      }),
    );
  }
}

function predictsVisualTokens({ shares, losses, masked }: PretrainingStageRecipe): boolean {
  const inImages = shares.image > 0 && losses.mim > 0;
  return masked && (inImages || (shares.pair > 0 && losses.mmmImage > 0));
}
