/** Training of the image codebook, which gives later stages their visual tokens. */
import sharp from "sharp";
import type { Backend } from "../../backend/backend.js";
import { type Program, compile } from "../../backend/program.js";
import { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { foldIn, keyOf } from "../../base/random.js";
import { equal } from "../../graph/ops/arithmetic.js";
import { cast } from "../../graph/ops/cast.js";
import { argmax, maximumOf, mean } from "../../graph/ops/reduce.js";
import { permute } from "../../graph/ops/permute.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import { codebookLogits } from "../../model/codebook.js";
import { decodeCodes, reconstruction, unmapPixels } from "../../model/codebook-decoder.js";
import type { FlavaConfig } from "../../model/config.js";
import { codebookSize } from "../../data/image/fitted-processor.js";
import { Tokenizer } from "../../data/text/tokenizer.js";
import type { Vocabulary } from "../../data/text/vocabulary.js";
import { initialize } from "../../nn/parameter.js";
import { inkBelow } from "../../objective/ink.js";
import { type Autoencoder, logitLaplace } from "../../objective/reconstruction.js";
import { type ShardsOptions, wholeBatch } from "../../data/batch/shards.js";
import { dealt } from "../../parallel/agreement.js";
import { type Division, type ShardStep, ShardSteps, partsOf } from "../step/shard-steps.js";
import { type OptimizerState, optimizerState } from "../step/update.js";
import {
  type CodebookInputs,
  autoencoderParameters,
  codebookLoss,
  withPublishedGain,
  writtenValues,
} from "./codebook-loss.js";
import { batchSpecs } from "../../data/batch/batch-specs.js";
import { type CollatedBatch, largestSizes } from "../../data/batch/collate.js";
import { batchOptions } from "../stage-data.js";
import {
  type FixedBatchesOptions,
  fixedBatchSize,
  fixedBatchSpecs,
  fixedBatches,
} from "./fixed-batches.js";
import { rateAt } from "./rate.js";
import type { CodebookStageRecipe } from "../../configs/recipe.js";
import type { SizedRecipe } from "../sized-recipe.js";
import {
  type Baselines,
  type RecipeStage,
  type Scalars,
  type StageNeeds,
  memoryNeeds,
  stepScalars,
} from "./stage.js";
import { writeModel } from "../../checkpoint/write-model.js";

export interface CodebookStageOptions {
  readonly backend: Backend;
  readonly recipe: SizedRecipe;
  /** Written next to the weights. */
  readonly vocabulary: Vocabulary;
  readonly stage: CodebookStageRecipe;
  /** Held-out images. */
  readonly validation: FixedBatchesOptions<"image">;
  /** The shards of batches that this process computes; default: whole batches. */
  readonly shards?: ShardsOptions;
  /** Path of a PNG with images and their reconstructions, written at each evaluation; default: none. */
  readonly drawing: string | undefined;
}

type CodebookState = State<OptimizerState<Autoencoder<TensorSpec>, TensorSpec>>;
type CodebookStep = ShardStep<Autoencoder<TensorSpec>, CodebookInputs<TensorSpec>>;
/** What is measured of one validation batch. */
interface Measured {
  readonly loss: number;
  /** Number of cells by code. */
  readonly counts: readonly (readonly [code: number, cells: number])[];
  readonly ink: InkError;
}
type Judgement = {
  readonly loss: Tensor;
  readonly tokens: Tensor;
  readonly images: Tensor;
  readonly originals: Tensor;
};

export class CodebookStage implements RecipeStage {
  readonly losses = ["reconstruction", "divergence", "usage"];
  readonly state: CodebookState;
  private readonly config: FlavaConfig;
  readonly #pixels: TensorSpec;
  readonly #judged: TensorSpec;
  #validation: readonly Extract<CollatedBatch, { kind: "image" }>[] = [];
  readonly #steps: ShardSteps<Autoencoder<TensorSpec>, CodebookInputs<TensorSpec>>;
  #judge: Program<{ readonly pixels: TensorSpec }, Judgement> | undefined;

  constructor(private readonly options: CodebookStageOptions) {
    const { backend, recipe, stage } = options;
    this.config = recipe.config;
    const parameters: Autoencoder<TensorSpec> = autoencoderParameters(this.config.codebook);
    const shards = options.shards ?? wholeBatch;
    const division: Division = { shards };
    const specs = optimizerState(parameters, { average: true, ...partsOf(division) });
    this.state = new State(backend, specs);
    const { clip, ...optimizer } = stage.optimizer;
    this.#steps = new ShardSteps(this.state, {
      ...{ ...division, processes: backend.communicator, clip, optimizer },
      learningRate: (step) => rateAt(step, stage),
      averaging: stage.averaging,
    });
    const side = codebookSize(this.config.image);
    const image = [this.config.codebook.channels, side, side];
    this.#pixels = spec([stage.batch / shards.count, ...image]);
    this.#judged = spec([fixedBatchSize(options.validation), ...image]);
  }

  /** Draws new weights, which are also the initial moving average. */
  async begin(): Promise<void> {
    const { state } = this;
    await initialize(state, keyOf(this.options.recipe.seed));
    for (const path of state.paths.filter((each) => each.startsWith("parameters/"))) {
      state.write(path.replace("parameters/", "average/"), await state.read(path));
    }
  }

  get measures(): readonly string[] {
    if (this.#validation.length === 0) return [];
    return ["ink accuracy", "likelihood", "codes used", "code entropy"];
  }

  /** None: frequencies of pixels say nothing about an image. */
  baselines(): Promise<Baselines> {
    return Promise.resolve({ losses: Object.fromEntries(this.losses.map((name) => [name, null])) });
  }

  get name(): string {
    return this.options.stage.name;
  }

  get steps(): number {
    return this.options.stage.steps;
  }

  prepare(): StageNeeds {
    const { memory, flops } = this.#compiled();
    const { recipe, stage, validation } = this.options;
    const batch = batchSpecs(
      largestSizes("image", this.#pixels.shape[0]!, batchOptions(recipe, stage)),
    );
    const judged = fixedBatchSpecs(validation);
    const judges = judged ? [{ batch: judged, memory: this.#compiledJudge().memory }] : [];
    return { memory: memoryNeeds([{ batch, memory }], judges, validation.count), flops };
  }

  async load(signal?: AbortSignal): Promise<void> {
    this.#validation = await fixedBatches({ ...this.options.validation, signal });
  }

  async step(batches: readonly CollatedBatch[], step: number): Promise<Scalars> {
    const { shards: { count, first } = wholeBatch, recipe } = this.options;
    const key = foldIn(keyOf(recipe.seed), step);
    const shards = batches.map((batch, index) => {
      const own = count === 1 ? key : foldIn(key, first + index);
      const values = { pixels: pixelsOf(batch), key: Int32Array.from(own) };
      return { step: this.#compiled(), values };
    });
    return stepScalars(await this.#steps.run(shards));
  }

  async evaluate(): Promise<Scalars> {
    if (this.#validation.length === 0) return {};
    const { communicator: processes } = this.state.backend;
    const measured = await dealt(processes, this.#validation, (batch, index) =>
      this.#measure(batch, index === 0),
    );
    const counts = new Map<number, number>();
    for (const [code, cells] of measured.flatMap((each) => each.counts)) {
      counts.set(code, (counts.get(code) ?? 0) + cells);
    }
    const total = (of: (each: Measured) => number): number =>
      measured.reduce((sum, each) => sum + of(each), 0);
    return {
      likelihood: -total(({ loss }) => loss) / measured.length,
      "ink accuracy": 1 - total(({ ink }) => ink.error) / total(({ ink }) => ink.values),
      "codes used": counts.size,
      "code entropy": entropy([...counts.values()]),
    };
  }

  async #measure(batch: CollatedBatch, isFirst: boolean): Promise<Measured> {
    const { loss, tokens, images, originals } = await this.#compiledJudge().run({
      pixels: pixelsOf(batch),
    });
    const { drawing } = this.options;
    if (isFirst && drawing !== undefined) await this.#draw(drawing, originals, images);
    const counts = new Map<number, number>();
    for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    return { loss: loss[0] ?? NaN, counts: [...counts], ink: inkError(originals, images) };
  }

  /** Writes the moving average of the parameters. */
  async write(directory: string): Promise<void> {
    const { state, config } = this;
    const { stage } = this.options;
    const averaged = new State(state.backend, {
      parameters: autoencoderParameters(config.codebook),
    });
    for (const path of averaged.paths) {
      const values = await state.read(path.replace("parameters/", "average/"));
      averaged.write(path, writtenValues(path, values, config.codebook, stage.scale));
    }
    const tokenizer = new Tokenizer(this.options.vocabulary);
    await writeModel(directory, { state: averaged, config, tokenizer });
    averaged.dispose();
  }

  dispose(): Promise<void> {
    this.#steps.dispose();
    this.#judge?.dispose();
    this.state.dispose();
    return Promise.resolve();
  }

  #compiled(): CodebookStep {
    const { recipe, stage } = this.options;
    return this.#steps.at("images", () =>
      codebookLoss(this.#pixels, {
        config: this.config.codebook,
        precision: recipe.precision,
        temperature: stage.temperature,
        divergenceWeight: stage.divergence,
        usageWeight: stage.usage,
        fixedScale: stage.scale,
      }),
    );
  }

  #compiledJudge(): Program<{ readonly pixels: TensorSpec }, Judgement> {
    return (this.#judge ??= this.#compileJudge());
  }

  /** Uses the most likely code of each cell instead of a mixture, as later stages do. */
  #compileJudge(): Program<{ readonly pixels: TensorSpec }, Judgement> {
    const { config } = this;
    const { scale } = this.options.stage;
    return compile({ state: this.state, inputs: { pixels: this.#judged } }, (s, { pixels }) => {
      const average = s.average as Autoencoder<Tensor>;
      const { codebook, decoder } = withPublishedGain(average, config.codebook);
      const logits = cast(codebookLogits(codebook, config.codebook, pixels, "float32"), "float32");
      const codes = equal(logits, maximumOf(logits, [-1], true));
      const distribution = decodeCodes(decoder, config.codebook, codes);
      const loss = mean(logitLaplace(permute(pixels, [0, 2, 3, 1]), distribution, scale));
      const images = reconstruction(distribution);
      return {
        outputs: { loss, tokens: argmax(logits), images, originals: unmapPixels(pixels) },
      };
    });
  }

  /** Rows of images, each image above its reconstruction. */
  async #draw(path: string, originals: Values, images: Values): Promise<void> {
    const [batch = 0, , side = 0] = this.#judged.shape;
    const columns = Math.min(16, batch);
    const rows = Math.min(4, Math.floor(batch / columns));
    const width = columns * side;
    const pixels = Buffer.alloc(width * rows * 2 * side * 3);
    for (let cell = 0; cell < columns * rows; cell++) {
      const [left, top] = [(cell % columns) * side, Math.floor(cell / columns) * 2 * side];
      for (const [below, source] of [originals, images].entries()) {
        for (let i = 0; i < 3 * side * side; i++) {
          const [color, place] = [Math.floor(i / (side * side)), i % (side * side)];
          const row = top + below * side + Math.floor(place / side);
          const value = source[cell * 3 * side * side + i] ?? 1;
          pixels[(row * width + left + (place % side)) * 3 + color] = Math.round(255 * value);
        }
      }
    }
    const raw = { width, height: rows * 2 * side, channels: 3 } as const;
    await sharp(pixels, { raw }).png().toFile(path);
  }
}

function pixelsOf(batch: CollatedBatch): Values {
  const pixels = batch.kind === "text" ? undefined : batch.codebookPixels;
  if (!pixels) throw new Error("The codebook trains on images, but the batch has none.");
  return pixels;
}

interface InkError {
  /** Sum of absolute errors. */
  readonly error: number;
  /** Number of values. */
  readonly values: number;
}

/** The errors of a batch's ink. */
function inkError(originals: Values, images: Values): InkError {
  let [error, values] = [0, 0];
  for (const [index, original] of originals.entries()) {
    if (original >= inkBelow) continue;
    error += Math.abs((images[index] ?? NaN) - original);
    values++;
  }
  return { error, values };
}

/** Entropy in nats of a distribution given by counts. */
function entropy(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return -counts.reduce((sum, count) => sum + (count / total) * Math.log(count / total), 0);
}
