/** Masked, matching and contrastive training of the encoders: the joint stage, and the unimodal ones before it. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { decoderName } from "../../checkpoint/huggingface-model.js";
import { writeModel } from "../../checkpoint/write-model.js";
import type { Batch } from "../../data/batch/batch.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import { batchKinds } from "../../data/batch/mixture.js";
import { Tokenizer } from "../../data/text/tokenizer.js";
import type { Vocabulary } from "../../data/text/vocabulary.js";
import type { TensorSpec } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import { lossesOfKind } from "../../objective/objectives.js";
import { type StartWeights, loadStart } from "../run/start.js";
import type { SizedRecipe } from "../sized-recipe.js";
import { type TrainingData, measureBaselines } from "./baselines.js";
import { withCalibratedMatching } from "./calibrate-matching.js";
import { lossesOfBatch } from "./extra-loss.js";
import {
  type PretrainingState,
  PretrainingSteps,
  type PretrainingStepsOptions,
  noCodebook,
  predictsVisualTokens,
} from "./pretraining-steps.js";
import {
  type Baselines,
  type Log,
  type RecipeStage,
  type Scalars,
  type StageNeeds,
  evaluationShare,
} from "./stage.js";
import { Validation, type ValidationOptions } from "./validation.js";

export interface PretrainingStageOptions extends PretrainingStepsOptions {
  readonly recipe: SizedRecipe;
  readonly vocabulary: Vocabulary;
  /** Weights to start from; all others are drawn. */
  readonly start: readonly StartWeights[];
  readonly log: Log;
  /** The decoder file of the initial codebook, if there is one; it is passed on. */
  readonly decoder: string | undefined;
  readonly validation: Omit<ValidationOptions, "state" | "config" | "vocabulary">;
  /** The largest shard of each kind, for planning. */
  readonly largest: readonly Batch<TensorSpec>[];
}

export class PretrainingStage implements RecipeStage {
  readonly #steps: PretrainingSteps;
  private readonly config: FlavaConfig;
  private readonly validation: Validation;

  constructor(private readonly options: PretrainingStageOptions) {
    const { recipe, vocabulary } = options;
    this.config = recipe.config;
    this.#steps = new PretrainingSteps(options);
    const { state, config } = this;
    this.validation = new Validation({ ...options.validation, vocabulary, state, config });
  }

  get state(): PretrainingState {
    return this.#steps.state;
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
    const { stage, start, log } = this.options;
    await this.#steps.initialize();
    const hasCodebook = await loadStart(start, this.state, this.config, log);
    if (hasCodebook || !predictsVisualTokens(stage)) return;
    throw noCodebook(stage.name);
  }

  prepare(): StageNeeds {
    const { largest, stage } = this.options;
    const steps = largest.map((batch) => {
      const { memory, flops } = this.#steps.compiled(batch);
      return { batch, memory, flops, share: stage.shares[batch.kind] };
    });
    const all = steps.reduce((sum, { share }) => sum + share, 0);
    const ofStep = steps.reduce((sum, { share, flops }) => sum + share * flops, 0) / all;
    const { validation } = this;
    return {
      memory: validation.memoryWith(steps),
      flops: ofStep + evaluationShare(validation.flops, stage.steps, stage.every.evaluate),
    };
  }

  load(signal?: AbortSignal): Promise<void> {
    return this.validation.load(signal);
  }

  step(shards: readonly CollatedBatch[]): Promise<Scalars> {
    return this.#steps.step(shards);
  }

  async evaluate(): Promise<Scalars> {
    const [logarithm = 0] = await this.state.read("parameters/flava/logitScale");
    const scale = Math.exp(logarithm);
    return { ...(await this.validation.evaluate()), "logit scale": scale };
  }

  async write(directory: string | undefined, log: Log): Promise<void> {
    const { state, config } = this;
    const { vocabulary, decoder, stage } = this.options;
    const tokenizer = new Tokenizer(vocabulary);
    const write = (): Promise<void> =>
      state.readTogether(
        directory === undefined
          ? undefined
          : () => writeModel(directory, { state, config, tokenizer }),
      );
    const judges = directory !== undefined || state.divides("parameters");
    if (judges && stage.shares.pair > 0 && stage.losses.itm > 0) {
      await withCalibratedMatching(state, await this.validation.judgePairs(), log, write);
    } else await write();
    if (directory !== undefined && decoder !== undefined) {
      await copyFile(decoder, join(directory, decoderName));
    }
  }

  async dispose(): Promise<void> {
    await this.validation.close();
    this.#steps.dispose();
  }
}
