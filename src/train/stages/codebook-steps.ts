/** The optimizer steps of the stage that trains the codebook. This file also loads in browsers. */
import type { Backend } from "../../backend/backend.js";
import { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { foldIn, keyOf } from "../../base/random.js";
import type { CodebookStageRecipe } from "../../configs/recipe.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import { type ShardsOptions, wholeBatch } from "../../data/batch/shards.js";
import { codebookSize } from "../../data/image/fitted-processor.js";
import { type TensorSpec, spec } from "../../graph/tensor.js";
import { type ZeroStage, divisionOf } from "../../optim/zero.js";
import { initialize } from "../../nn/parameter.js";
import type { Autoencoder } from "../../objective/reconstruction.js";
import type { SizedRecipe } from "../sized-recipe.js";
import { type BatchDivision, type ShardStep, ShardSteps, partsOf } from "../step/shard-steps.js";
import { type OptimizerState, optimizerState } from "../step/update.js";
import {
  type CodebookInputs,
  autoencoderParameters,
  codebookLoss,
  writtenValues,
} from "./codebook-loss.js";
import { rateAt } from "./rate.js";
import { type Scalars, stepScalars } from "./stage.js";

export interface CodebookStepsOptions {
  readonly backend: Backend;
  readonly recipe: Pick<SizedRecipe, "config" | "precision" | "seed" | "gradientSums">;
  readonly stage: CodebookStageRecipe;
  /** The shards of batches that this process computes; default: whole batches. */
  readonly shards?: ShardsOptions;
  /** What is divided among processes; default: nothing. */
  readonly zero?: ZeroStage;
}

export type CodebookState = State<OptimizerState<Autoencoder<TensorSpec>, TensorSpec>>;
type CodebookStep = ShardStep<Autoencoder<TensorSpec>, CodebookInputs<TensorSpec>>;

/** The state of the stage, and its step, compiled when it is first needed. */
export class CodebookSteps {
  readonly state: CodebookState;
  /** The images of a batch, or of a shard, float32 [B, 3, h, w]. */
  readonly pixels: TensorSpec;
  readonly #steps: ShardSteps<Autoencoder<TensorSpec>, CodebookInputs<TensorSpec>>;

  constructor(private readonly options: CodebookStepsOptions) {
    const { backend, recipe, stage, shards = wholeBatch, zero = 0 } = options;
    const { codebook, image } = recipe.config;
    const parameters: Autoencoder<TensorSpec> = autoencoderParameters(codebook);
    const division: BatchDivision = { shards };
    const { communicator: processes } = backend;
    const divided = divisionOf(zero, processes, parameters);
    const specs = optimizerState(parameters, { average: true, ...partsOf(division) });
    this.state = new State(backend, specs, divided?.ranges);
    const { clip, ...optimizer } = stage.optimizer;
    this.#steps = new ShardSteps(this.state, {
      ...{ ...division, processes, clip, optimizer, divided },
      sumDtype: recipe.gradientSums,
      learningRate: (step) => rateAt(step, stage),
      averaging: stage.averaging,
    });
    const side = codebookSize(image);
    this.pixels = spec([stage.batch / shards.count, codebook.channels, side, side]);
  }

  /** Draws new weights, which are also the initial moving average. */
  async begin(): Promise<void> {
    const { state } = this;
    await initialize(state, keyOf(this.options.recipe.seed));
    for (const path of state.paths.filter((each) => each.startsWith("parameters/"))) {
      state.write(path.replace("parameters/", "average/"), await state.read(path));
    }
  }

  /** The step. */
  compiled(): CodebookStep {
    const { recipe, stage } = this.options;
    return this.#steps.at("images", () =>
      codebookLoss(this.pixels, {
        config: recipe.config.codebook,
        precision: recipe.precision,
        temperature: stage.temperature,
        divergenceWeight: stage.divergence,
        usageWeight: stage.usage,
        fixedScale: stage.scale,
      }),
    );
  }

  /** Step number `step`, counted from 0, on the shards that this process computes. */
  async step(batches: readonly CollatedBatch[], step: number): Promise<Scalars> {
    const { shards: { count, first } = wholeBatch, recipe } = this.options;
    const key = foldIn(keyOf(recipe.seed), step);
    const shards = batches.map((batch, index) => {
      const own = count === 1 ? key : foldIn(key, first + index);
      const values = { pixels: pixelsOf(batch), key: Int32Array.from(own) };
      return { step: this.compiled(), values };
    });
    return stepScalars(await this.#steps.run(shards));
  }

  /** A state with the moving average of the parameters, as it is written. Its memory is its own. */
  async averaged(): Promise<State<{ readonly parameters: Autoencoder<TensorSpec> }>> {
    const { recipe, stage } = this.options;
    const { codebook } = recipe.config;
    const parameters: Autoencoder<TensorSpec> = autoencoderParameters(codebook);
    const averaged = new State(this.state.backend, { parameters });
    for (const path of averaged.paths) {
      const values = await this.state.read(path.replace("parameters/", "average/"));
      averaged.write(path, writtenValues(path, values, codebook, stage.scale));
    }
    return averaged;
  }

  dispose(): void {
    this.#steps.dispose();
    this.state.dispose();
  }
}

/** The codebook's view of the images of a batch. */
export function pixelsOf(batch: CollatedBatch): Values {
  const pixels = batch.kind === "text" ? undefined : batch.codebookPixels;
  if (!pixels) throw new Error("The codebook trains on images, but the batch has none.");
  return pixels;
}
