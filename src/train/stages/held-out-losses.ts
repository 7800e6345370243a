/** Losses and accuracies on held-out batches. This file also loads in browsers. */
import { type Program, compile } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { mapTree } from "../../base/tree.js";
import { batchSpecs, shapeKey } from "../../data/batch/batch-specs.js";
import type { Batch } from "../../data/batch/batch.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { ProgramCache } from "../../inference/program-cache.js";
import type { FlavaConfig } from "../../model/config.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import type { Precision } from "../../nn/precision.js";
import {
  type LossName,
  type LossWeights,
  counting,
  objectivesOf,
} from "../../objective/objectives.js";
import type { Scalars } from "./stage.js";

/** The same pairs, batches and images in every run. */
export const validationSeed = 20211208;

export interface HeldOutLossesOptions {
  readonly state: State<{ readonly parameters: FlavaForPretraining<TensorSpec> }>;
  readonly config: FlavaConfig;
  readonly precision: Precision;
  /** Losses of weight 0 are not computed. */
  readonly losses: LossWeights;
}

/**
 * The name of the contrastive loss: that of smaller batches than in training is another measure, as there are fewer texts to
 * choose from.
 *
 * @param pairs in a batch of held-out data; 0 without any
 * @param trainingPairs in a training batch
 */
export const contrastiveName = (pairs: number, trainingPairs: number): string =>
  pairs === 0 || pairs === trainingPairs ? "contrastive" : `contrastive among ${pairs}`;

/**
 * The measures of a loss, the one that tells most first.
 *
 * @param contrastive the name of the contrastive loss
 */
export function measuresOf(loss: LossName, contrastive: string): string[] {
  if (loss === "contrastive") return [contrastive];
  const isOfImages = loss === "mim" || loss === "mmmImage";
  return [`${loss} accuracy`, ...(isOfImages ? [`${loss} ink accuracy`] : []), loss];
}

/** Programs that judge batches, compiled for each shape when they are needed. */
export class HeldOutLosses {
  readonly #programs = new ProgramCache<Program<unknown, unknown>>();

  /** @param contrastive the name of the contrastive loss */
  constructor(
    private readonly options: HeldOutLossesOptions,
    private readonly contrastive: string,
  ) {}

  async judge({ kind: _, sizes, ...inputs }: CollatedBatch): Promise<Scalars> {
    const program = this.program(batchSpecs(sizes));
    const outputs = (await program.run(inputs)) as Readonly<Record<string, Values>>;
    return mapTree(outputs, (values: Values) => values[0] ?? NaN);
  }

  program(batch: Batch<TensorSpec>): Program<unknown, unknown> {
    return this.#programs.get(shapeKey(batch), () => this.#compile(batch));
  }

  dispose(): void {
    this.#programs.dispose();
  }

  #compile({ kind, ...inputs }: Batch<TensorSpec>): Program<unknown, unknown> {
    const { state, config, precision, losses } = this.options;
    return compile({ state, inputs }, ({ parameters }, given) => {
      const model = { config, precision, parameters: parameters as FlavaForPretraining<Tensor> };
      const all = Object.assign({ kind }, given) as unknown as Batch;
      const objectives = objectivesOf(model, all, losses);
      const outputs: Record<string, Tensor> = {};
      for (const [name, objective] of Object.entries(counting(objectives, losses))) {
        outputs[name === "contrastive" ? this.contrastive : name] = objective.loss;
        if ("accuracy" in objective) outputs[`${name} accuracy`] = objective.accuracy;
        if ("inkAccuracy" in objective) outputs[`${name} ink accuracy`] = objective.inkAccuracy;
      }
      return { outputs };
    });
  }
}
