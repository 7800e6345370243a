/** Training of the image codebook, which gives later stages their visual tokens. */
import sharp from "sharp";
import { type Program, compile } from "../../backend/program.js";
import type { Values } from "../../backend/values.js";
import { writeModel } from "../../checkpoint/write-model.js";
import { batchSpecs } from "../../data/batch/batch-specs.js";
import { type CollatedBatch, largestSizes } from "../../data/batch/collate.js";
import { Tokenizer } from "../../data/text/tokenizer.js";
import type { Vocabulary } from "../../data/text/vocabulary.js";
import { baselineOf, priorOf } from "../../eval/baseline.js";
import { equal } from "../../graph/ops/arithmetic.js";
import { cast } from "../../graph/ops/cast.js";
import { permute } from "../../graph/ops/permute.js";
import { argmax, maximumOf, mean } from "../../graph/ops/reduce.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import { codebookLogits } from "../../model/codebook.js";
import { decodeCodes, reconstruction, unmapPixels } from "../../model/codebook-decoder.js";
import type { FlavaConfig } from "../../model/config.js";
import { type InkError, inkError } from "../../objective/ink.js";
import { type Autoencoder, logitLaplace } from "../../objective/reconstruction.js";
import { dealt } from "../../parallel/agreement.js";
import type { SizedRecipe } from "../sized-recipe.js";
import { batchOptions } from "../stage-batches.js";
import { codebookMeasures } from "./best-measure.js";
import { withPublishedGain } from "./codebook-loss.js";
import {
  type CodebookState,
  CodebookSteps,
  type CodebookStepsOptions,
  pixelsOf,
} from "./codebook-steps.js";
import {
  type FixedBatchesOptions,
  fixedBatchSize,
  fixedBatchSpecs,
  fixedBatches,
} from "./fixed-batches.js";
import {
  type Baselines,
  type RecipeStage,
  type Scalars,
  type StageNeeds,
  evaluationShare,
  memoryNeeds,
} from "./stage.js";

export interface CodebookStageOptions extends CodebookStepsOptions {
  readonly recipe: SizedRecipe;
  /** Written next to the weights. */
  readonly vocabulary: Vocabulary;
  /** Held-out images. */
  readonly validation: FixedBatchesOptions<"image">;
  /** Path of a PNG with images and their reconstructions, written at each evaluation; default: none. */
  readonly drawing: string | undefined;
}

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
  private readonly config: FlavaConfig;
  readonly #steps: CodebookSteps;
  readonly #judged: TensorSpec;
  #validation: readonly Extract<CollatedBatch, { kind: "image" }>[] = [];
  #judge: Program<{ readonly pixels: TensorSpec }, Judgement> | undefined;

  constructor(private readonly options: CodebookStageOptions) {
    this.config = options.recipe.config;
    this.#steps = new CodebookSteps(options);
    const [, ...image] = this.#steps.pixels.shape;
    this.#judged = spec([fixedBatchSize(options.validation), ...image]);
  }

  get state(): CodebookState {
    return this.#steps.state;
  }

  begin(): Promise<void> {
    return this.#steps.begin();
  }

  get measures(): readonly string[] {
    if (this.#validation.length === 0) return [];
    return codebookMeasures;
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
    const { memory, flops } = this.#steps.compiled();
    const { recipe, stage, validation } = this.options;
    const batch = batchSpecs(
      largestSizes("image", this.#steps.pixels.shape[0]!, batchOptions(recipe, stage)),
    );
    const judged = fixedBatchSpecs(validation);
    const judge = judged && this.#compiledJudge();
    const judges = judge ? [{ batch: judged, memory: judge.memory }] : [];
    const ofEvaluation = judge ? validation.count * judge.flops : 0;
    return {
      memory: memoryNeeds([{ batch, memory }], judges, validation.count),
      flops: flops + evaluationShare(ofEvaluation, stage.steps, stage.every.evaluate),
    };
  }

  async load(signal?: AbortSignal): Promise<void> {
    this.#validation = await fixedBatches({ ...this.options.validation, signal });
  }

  step(batches: readonly CollatedBatch[], step: number): Promise<Scalars> {
    return this.#steps.step(batches, step);
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
      "code entropy": baselineOf(priorOf(counts, this.config.codebook.vocabulary, 0), counts).loss,
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
  async write(directory: string | undefined): Promise<void> {
    if (directory === undefined) return; // this process has nothing of it that the first one lacks
    const averaged = await this.#steps.averaged();
    const tokenizer = new Tokenizer(this.options.vocabulary);
    await writeModel(directory, { state: averaged, config: this.config, tokenizer });
    averaged.dispose();
  }

  dispose(): Promise<void> {
    this.#judge?.dispose();
    this.#steps.dispose();
    return Promise.resolve();
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
