/** Predicts hidden patches of an image from the others. */
import type { Abortable } from "../base/call-options.js";
import { type Program, compile } from "../backend/program.js";
import { type Key, keyOf } from "../base/random.js";
import { blockMask } from "../data/batch/block-mask.js";
import { randomSource } from "../data/batch/random-source.js";
import type { Image } from "../data/image/image.js";
import { codebookPixelsOf, pixelsOf, viewShape } from "../data/image/processor.js";
import { argmax } from "../graph/ops/reduce.js";
import { slice } from "../graph/ops/slice.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { visualTokens } from "../model/codebook.js";
import { decodeCodes, reconstruction } from "../model/codebook-decoder.js";
import { maskedLogits } from "../model/heads.js";
import { imageOutputs } from "../model/outputs.js";
import type { LoadedModel } from "./model.js";

/** Which patches of an image are hidden. */
export interface FillImageOptions {
  /** 1 or true for each hidden patch, row by row; default: random blocks, as in training. */
  readonly hidden?: ArrayLike<number | boolean>;
  /** Seed of the random blocks; default: 0. Not with `hidden`. */
  readonly seed?: number;
}

/** What a model makes of an image with hidden patches. Patches are counted row by row from the top left. */
export interface FilledImage {
  /** Patches in a row and in a column. */
  readonly grid: { readonly width: number; readonly height: number };
  /** 1 for each hidden patch, row by row. */
  readonly hidden: Uint8Array;
  /** The visual token of each patch, row by row: predicted if hidden, else from the codebook. */
  readonly tokens: Int32Array;
  /** The image decoded from the tokens, if the checkpoint has the codebook's decoder. */
  readonly image?: Image;
}

type ReadInputs = Readonly<Record<"pixels" | "hidden" | "codebookPixels", TensorSpec>>;
type ReadOutputs = { readonly predicted: Tensor; readonly seen: Tensor };

export class ImageFiller {
  readonly #model: LoadedModel;
  #reader: Program<ReadInputs, ReadOutputs> | undefined;
  #drawer: Program<{ readonly codes: TensorSpec }, { readonly pixels: Tensor }> | undefined;

  constructor(model: LoadedModel) {
    this.#model = model;
  }

  async fill(
    image: Image,
    { hidden, seed, signal }: FillImageOptions & Abortable,
  ): Promise<FilledImage> {
    if (hidden && seed !== undefined) {
      throw new TypeError("Expected the hidden patches, or the seed of random ones, but got both.");
    }
    const { processor } = this.#model;
    const grid = this.#grid();
    const chosen = hidden ? maskOf(hidden, grid) : this.#blocks(grid, keyOf(seed ?? 0));
    this.#reader ??= this.#compileReader();
    const inputs = {
      pixels: pixelsOf(image, processor),
      hidden: Float32Array.from(chosen),
      codebookPixels: codebookPixelsOf(image, processor),
    };
    const { predicted, seen } = await this.#reader.run(inputs, { signal });
    const tokens = Int32Array.from(
      chosen,
      (isHidden, patch) => (isHidden ? predicted : seen)[patch]!,
    );
    const drawn = await this.#draw(tokens, grid, signal);
    return { grid, hidden: chosen, tokens, ...(drawn && { image: drawn }) };
  }

  /** Frees the compiled programs. No call may be running. */
  close(): void {
    this.#reader?.dispose();
    this.#drawer?.dispose();
  }

  /** The patch grid of the encoder's view; the codebook has one token per patch. */
  #grid(): { width: number; height: number } {
    const { config } = this.#model;
    const { patch } = config.image;
    const views = this.#viewShapes();
    const [, height, width] = views.encoder;
    const [, rows, columns] = views.codebook;
    const cell = 2 ** (config.codebook.groups - 1);
    const grid = { width: width / patch, height: height / patch };
    if (columns === grid.width * cell && rows === grid.height * cell) return grid;
    throw new RangeError(
      `The codebook's view has ${columns} x ${rows} pixels, but ${grid.width} x ${grid.height} patches need ` +
        `${grid.width * cell} x ${grid.height * cell}. Set codebook_size and codebook_crop_size in preprocessor_config.json.`,
    );
  }

  /** The shapes [3, H, W] of both views of an image. */
  #viewShapes() {
    const { config, processor } = this.#model;
    const image = { width: config.image.size, height: config.image.size };
    return {
      encoder: viewShape(image, processor.encoder),
      codebook: viewShape(image, processor.codebook),
    };
  }

  #blocks(grid: { width: number; height: number }, key: Key): Uint8Array {
    return blockMask(randomSource(key), { ...this.#model.processor.mask, ...grid });
  }

  #compileReader(): Program<ReadInputs, ReadOutputs> {
    const { config, state, precision } = this.#model;
    const grid = this.#grid();
    const patches = grid.width * grid.height;
    const views = this.#viewShapes();
    const inputs = {
      pixels: spec([1, ...views.encoder]),
      hidden: spec([1, patches]),
      codebookPixels: spec([1, ...views.codebook]),
    };
    return compile({ state, inputs }, ({ parameters }, given) => {
      const { heads, codebook } = parameters;
      if (!heads || !codebook) {
        const missing = heads ? "codebook" : "head for masked patches";
        throw new Error(
          `This model has no ${missing}. Load a checkpoint of the pre-training model with its codebook (FlavaForPreTraining).`,
        );
      }
      const { sequence } = imageOutputs({ config, parameters, precision }, given);
      const tokens = slice(sequence, 1, 1, 1 + patches); // [1, P, D]
      const logits = maskedLogits(heads.mim, tokens, config.headEpsilon, precision);
      const seen = visualTokens(codebook, config.codebook, given.codebookPixels, precision);
      return { outputs: { predicted: argmax(logits), seen } };
    });
  }

  async #draw(
    tokens: Int32Array,
    { width, height }: { width: number; height: number },
    signal: AbortSignal | undefined,
  ): Promise<Image | undefined> {
    const { config, state } = this.#model;
    if (!state.specs.parameters.decoder) return undefined;
    const { vocabulary } = config.codebook;
    const inputs = { codes: spec([1, height, width, vocabulary]) };
    this.#drawer ??= compile({ state, inputs }, ({ parameters }, { codes }) => ({
      outputs: {
        pixels: reconstruction(decodeCodes(parameters.decoder!, config.codebook, codes)),
      },
    }));
    const codes = new Float32Array(tokens.length * vocabulary);
    for (const [patch, token] of tokens.entries()) codes[patch * vocabulary + token] = 1;
    const { pixels } = await this.#drawer.run({ codes }, { signal });
    const cell = 2 ** (config.codebook.groups - 1);
    return imageOf(pixels as Float32Array, width * cell, height * cell);
  }
}

function maskOf(
  hidden: ArrayLike<number | boolean>,
  { width, height }: { width: number; height: number },
): Uint8Array {
  if (hidden.length === width * height) return Uint8Array.from(hidden, (value) => (value ? 1 : 0));
  throw new RangeError(
    `This model divides images into ${width} x ${height} patches: expected ${width * height} entries in hidden, but ` +
      `got ${hidden.length}.`,
  );
}

/** Converts values [3, H, W] from 0 to 1 to an image. */
function imageOf(numbers: Float32Array, width: number, height: number): Image {
  const size = width * height;
  const pixels = Uint8Array.from({ length: 3 * size }, (_, i) =>
    Math.round(255 * numbers[(i % 3) * size + Math.floor(i / 3)]!),
  );
  return { width, height, pixels };
}
